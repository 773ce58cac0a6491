// SPDX-License-Identifier: Apache-2.0
import IMAPGrammar
import MailStore

extension IMAPSession {
    /// SELECT and EXAMINE (RFC 9051 sections 6.3.2 and 6.3.3).
    func select(_ tag: String, _ store: AccountStore, _ name: String, isReadOnly: Bool, condstore: Bool) async throws {
        if selected != nil {
            selected = nil
            out.line("* OK [CLOSED] the mailbox before is closed")
        }
        if condstore { isCondstore = true }
        let snapshot = try await store.select(MailboxName(name), claimingRecent: !isReadOnly && !isRev2)
        let mailbox = SelectedMailbox(snapshot, isReadOnly: isReadOnly)
        tellSize(mailbox)
        if !isRev2 {
            if let unseen = mailbox.messages.flags.firstIndex(where: { $0 & UInt64(SystemFlags.seen.rawValue) == 0 }) {
                out.line("* OK [UNSEEN \(unseen + 1)] the first that was not seen")
            }
        }
        tellFlags(mailbox)
        out.line("* OK [UIDVALIDITY \(mailbox.state.uidValidity)] UIDs hold")
        out.line("* OK [UIDNEXT \(mailbox.state.uidNext)] the next UID")
        out.line("* OK [HIGHESTMODSEQ \(mailbox.state.highestModseq)] the latest change")
        if isRev2 {
            out.raw("* LIST () \"/\" ")
            out.mailbox(mailbox.name.path, isUTF8: true)
            out.raw("\r\n")
        }
        selected = mailbox
        ok(tag, "[\(isReadOnly ? "READ-ONLY" : "READ-WRITE")] selected")
    }
}
