// SPDX-License-Identifier: Apache-2.0
import IMAPGrammar
import MailStore

/// STORE, COPY, MOVE, EXPUNGE.
extension IMAPSession {
    /// RFC 9051 section 6.4.6; UNCHANGEDSINCE is RFC 7162 section 3.1.3.
    func store(_ tag: String, _ store: AccountStore, _ mailbox: SelectedMailbox, _ command: StoreCommand) async throws {
        guard !mailbox.isReadOnly else { throw Refusal(no: "the mailbox is open for reading alone", code: "READ-ONLY") }
        if command.unchangedSince != nil { isCondstore = true }
        let flags = try FlagNames.parse(command.flags)
        let change: FlagChange =
            switch command.action {
            case .replace: .replace(flags)
            case .add: .add(flags)
            case .remove: .remove(flags)
            }
        let indices = try mailbox.indices(command.set, byUID: command.byUID)
        let stored = try await store.setFlags(
            change, of: mailbox.uids(indices), in: mailbox.id, unchangedSince: command.unchangedSince)
        var current = mailbox
        if stored.keywords != current.keywords {
            current.keywords = stored.keywords
            tellFlags(current)
        }
        current.update(stored.changed)
        current.update(stored.unchanged)
        for index in indices where !current.untold.contains(current.messages.uids[index]) {
            let uid = current.messages.uids[index]
            let isChanged = stored.changed.index(of: uid) != nil
            if !command.isSilent, isChanged || stored.unchanged.index(of: uid) != nil {
                tellFlagsOf(index, current)
            } else if command.isSilent, isCondstore, isChanged {
                tellFlagsOf(index, current, flags: false)
            }
        }
        selected = current
        if !stored.changed.isEmpty { announce() }
        try await tellChanges(expunges: command.byUID)
        guard !stored.modified.isEmpty else { return ok(tag, "done") }
        let numbers =
            command.byUID
            ? stored.modified.ranges
            : UIDSet(stored.modified.members.compactMap { current.messages.index(of: $0).map { UInt32($0 + 1) } })
                .ranges
        ok(tag, "[MODIFIED \(SequenceSet.text(numbers))] some had changed")
    }

    /// COPY and MOVE with COPYUID (RFC 4315, RFC 6851).
    func copy(
        _ tag: String, _ store: AccountStore, _ mailbox: SelectedMailbox, _ set: SequenceSet, _ name: String,
        _ byUID: Bool,
        isMove: Bool
    ) async throws {
        guard !isMove || !mailbox.isReadOnly else {
            throw Refusal(no: "the mailbox is open for reading alone", code: "READ-ONLY")
        }
        let uids = mailbox.uids(try mailbox.indices(set, byUID: byUID))
        let copied: Copied
        do {
            let target = try MailboxName(name)
            if uids.isEmpty {
                _ = try await store.mailbox(named: target)
                try await tellChanges(expunges: byUID)
                return ok(tag, "nothing to do")
            }
            copied =
                isMove
                ? try await store.move(uids, from: mailbox.id, to: target).copied
                : try await store.copy(uids, from: mailbox.id, to: target)
        } catch let error as StoreError {
            throw Refusal(error, isTarget: true)
        }
        announce()
        guard !copied.source.isEmpty else {
            try await tellChanges(expunges: isMove || byUID)
            return ok(tag, "nothing to do")
        }
        let code = "[COPYUID \(copied.uidValidity) \(Self.text(copied.source)) \(Self.text(copied.destination))]"
        // RFC 6851 section 4.3: the code comes before the EXPUNGEs
        if isMove { out.line("* OK \(code) moved") }
        try await tellChanges(expunges: isMove || byUID)
        ok(tag, isMove ? "moved" : "\(code) copied")
    }

    /// In this order: COPYUID pairs by position.
    private static func text(_ uids: [UInt32]) -> String {
        var ranges: [ClosedRange<UInt32>] = []
        for uid in uids {
            if let last = ranges.last, last.upperBound < .max, last.upperBound + 1 == uid {
                ranges[ranges.count - 1] = last.lowerBound...uid
            } else {
                ranges.append(uid...uid)
            }
        }
        return SequenceSet.text(ranges)
    }

    func expunge(_ tag: String, _ store: AccountStore, _ mailbox: SelectedMailbox, among set: SequenceSet?) async throws
    {
        guard !mailbox.isReadOnly else { throw Refusal(no: "the mailbox is open for reading alone", code: "READ-ONLY") }
        let among = try set.map { mailbox.uids(try mailbox.indices($0, byUID: true)) } ?? .all
        let gone = try await store.expungeDeleted(in: mailbox.id, among: among)
        if !gone.uids.isEmpty { announce() }
        try await tellChanges(expunges: true)
        ok(tag, isCondstore ? "[HIGHESTMODSEQ \(gone.state.highestModseq)] done" : "done")
    }
}
