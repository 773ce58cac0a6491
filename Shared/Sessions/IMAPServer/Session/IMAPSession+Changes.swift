// SPDX-License-Identifier: Apache-2.0
import IMAPGrammar
import MailStore

extension IMAPSession {
    /// Reads from the store what happened in the selected mailbox and tells it. EXPUNGE only where the client expects
    /// it (RFC 9051 section 7.5.1): otherwise sequence numbers stay until it does.
    func tellChanges(expunges: Bool) async throws {
        guard let store, var mailbox = selected else { return }
        do throws(StoreError) {
            if try await store.state(of: mailbox.id) != mailbox.state {
                apply(try await store.changes(in: mailbox.id, since: mailbox.state), to: &mailbox)
            }
        } catch .noSuchMailbox {
            selected = nil
            return end("* BYE the mailbox was deleted, or came back from a backup")
        }
        if expunges { tellExpunged(&mailbox) }
        selected = mailbox
    }

    private func apply(_ changes: MailboxChanges, to mailbox: inout SelectedMailbox) {
        if changes.keywords != mailbox.keywords {
            mailbox.keywords = changes.keywords
            tellFlags(mailbox)
        }
        mailbox.state = changes.state
        for uid in mailbox.messages.uids where changes.expunged.contains(uid) { mailbox.untold.insert(uid) }
        // What this session did itself has the modseq that it knows already, and was told or wanted silent.
        let others = zip(changes.changed.uids, changes.changed.modseqs).filter { uid, modseq in
            mailbox.messages.index(of: uid).map { mailbox.messages.modseqs[$0] != modseq } ?? false
        }
        mailbox.update(changes.changed)
        for (uid, _) in others where !mailbox.untold.contains(uid) {
            if let index = mailbox.messages.index(of: uid) { tellFlagsOf(index, mailbox) }
        }
        let new = changes.new
        for (offset, uid) in new.uids.enumerated() where uid > mailbox.messages.uids.last ?? 0 {
            mailbox.messages.append(uid: uid, flags: new.flags[offset], modseq: new.modseqs[offset])
        }
        if !new.isEmpty { tellSize(mailbox) }
    }

    /// EXISTS, and RECENT for IMAP4rev1 (RFC 3501 sections 7.3.1 and 7.3.2).
    func tellSize(_ mailbox: SelectedMailbox) {
        out.line("* \(mailbox.messages.count) EXISTS")
        guard !isRev2 else { return }
        let recent = mailbox.messages.count - mailbox.messages.firstIndex(notBelow: mailbox.firstRecentUID)
        out.line("* \(recent) RECENT")
    }

    func tellExpunged(_ mailbox: inout SelectedMailbox) {
        guard !mailbox.untold.isEmpty else { return }
        // From the end, so that each number is right when it is told and nothing is moved twice.
        for index in mailbox.messages.uids.indices.reversed()
        where mailbox.untold.contains(mailbox.messages.uids[index]) {
            out.line("* \(index + 1) EXPUNGE")
            mailbox.messages.remove(at: index)
        }
        mailbox.saved = UIDSet(mailbox.saved.ranges.isEmpty ? [] : mailbox.messages.uids.filter(mailbox.saved.contains))
        mailbox.untold = UIDSet()
    }

    func tellFlags(_ mailbox: SelectedMailbox) {
        let all = (FlagNames.system.map(\.name) + mailbox.keywords.all).joined(separator: " ")
        out.line("* FLAGS (\(all))")
        let permanent = mailbox.isReadOnly ? "" : "\(all) \\*"
        out.line("* OK [PERMANENTFLAGS (\(permanent))] these are kept")
    }

    /// FETCH on our own account: flags, with UID, and modseq for those who asked for it once.
    func tellFlagsOf(_ index: Int, _ mailbox: SelectedMailbox, flags: Bool = true) {
        let uid = mailbox.messages.uids[index]
        var parts = ["UID \(uid)"]
        if flags {
            parts.append("FLAGS (\(mailbox.flagText(mailbox.messages.flags[index], uid: uid, isRev2: isRev2)))")
        }
        if isCondstore { parts.append("MODSEQ (\(mailbox.messages.modseqs[index]))") }
        out.line("* \(index + 1) FETCH (\(parts.joined(separator: " ")))")
    }
}
