// SPDX-License-Identifier: Apache-2.0
import GRDB

extension AccountStore {
    /// Renames, with all children; missing parents of the new name are made (RFC 9051 section 6.3.6).
    /// INBOX: its messages move to the new mailbox, INBOX stays, empty; its children stay.
    /// Subscriptions are of names and stay as they are.
    /// `.noSuchMailbox`, `.mailboxExists`; `.invalidMailboxName` for a new name below the old one or too long for a
    /// child.
    package func rename(_ name: MailboxName, to newName: MailboxName) async throws(StoreError) {
        let limit = limits.mailboxes
        guard name != newName, !newName.isInbox else { throw .mailboxExists }
        if name.isInbox {
            let most = limits.changedAtOnce
            let large = try await write { db in
                guard try db.mailbox(named: newName) == nil else { throw StoreError.mailboxExists }
                let inbox = try db.existingMailbox(named: .inbox)
                let target = try db.mailbox(db.createMailbox(newName, limit: limit))
                if inbox.messages > most { return inbox.id as MailboxID? }
                _ = try db.moveMessages(.all, from: inbox, to: target)
                return nil
            }
            if let large { _ = try await move(.all, from: large, to: newName) }
        } else if newName.isBelow(name) {
            throw .invalidMailboxName("the new name is below the old one")
        } else {
            try await write { db in try db.renameTree(name, to: newName, limit: limit) }
        }
    }
}

extension Database {
    fileprivate func renameTree(_ name: MailboxName, to newName: MailboxName, limit: Int) throws {
        let root = try mailbox(named: name)
        let rows = (root.map { [$0] } ?? []) + (try names(below: name))
        guard !rows.isEmpty else { throw StoreError.noSuchMailbox }
        guard try mailbox(named: newName) == nil else { throw StoreError.mailboxExists }
        // A shallower mailbox never takes the name of a deeper one that is still to be renamed: rows are sorted.
        let leaving = Set(rows.map(\.name))
        for row in rows {
            let target = try MailboxName(newName.path + row.name.path.dropFirst(name.path.count))
            if try mailbox(named: target) != nil, !leaving.contains(target) { throw StoreError.mailboxExists }
        }
        _ = try nextModseq()
        for row in rows {
            let target = MailboxName(unchecked: newName.path + row.name.path.dropFirst(name.path.count))
            try retire(row.name, uidValidity: row.state.uidValidity)
            let former = try Int64.fetchOne(
                self, sql: "SELECT uid_validity FROM former_names WHERE name = ?", arguments: [target.path])
            let validity = Int64(row.state.uidValidity)
            try execute(
                sql: "UPDATE mailboxes SET name = ?, uid_validity = ? WHERE id = ?",
                arguments: [target.path, (former ?? 0) > validity ? try nextUIDValidity() : validity, row.id.rawValue])
        }
        for ancestor in newName.ancestors where try mailbox(named: ancestor) == nil {
            try createMailbox(ancestor, limit: limit)
        }
    }
}
