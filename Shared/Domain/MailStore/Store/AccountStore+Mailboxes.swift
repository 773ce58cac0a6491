// SPDX-License-Identifier: Apache-2.0
import GRDB

extension AccountStore {
    /// All names: mailboxes, names that exist only as parents, names that are only subscribed and their parents. Sorted, INBOX first.
    /// Statuses come along, so LIST-STATUS needs nothing more.
    package func list() async throws(StoreError) -> [MailboxListing] {
        try await read { db in
            var listings: [MailboxName: MailboxListing] = [:]
            let statement = try db.cachedStatement(sql: "SELECT \(MailboxRow.columns) FROM mailboxes")
            for row in try Row.fetchAll(statement).map(MailboxRow.init) {
                listings[row.name] = MailboxListing(
                    name: row.name, id: row.id, specialUse: row.specialUse, isSubscribed: false, hasChildren: false,
                    status: try db.status(of: row))
            }
            for name in Array(listings.keys) {
                for ancestor in name.ancestors { listings[ancestor, default: .onlyName(ancestor)].hasChildren = true }
            }
            for path in try String.fetchAll(db.cachedStatement(sql: "SELECT name FROM subscriptions")) {
                let name = MailboxName(unchecked: path)
                listings[name, default: .onlyName(name)].isSubscribed = true
                for parent in name.ancestors where listings[parent] == nil { listings[parent] = .onlyName(parent) }
            }
            return listings.values.sorted {
                $0.name.isInbox != $1.name.isInbox ? $0.name.isInbox : $0.name < $1.name
            }
        }
    }

    /// The mailbox of that name now. `.noSuchMailbox` when there is none.
    package func mailbox(named name: MailboxName) async throws(StoreError) -> MailboxID {
        try await read { db in try db.existingMailbox(named: name).id }
    }

    /// Makes the mailbox and the parents that are missing. `.mailboxExists`, `.limit(.mailboxes)`
    @discardableResult
    package func create(_ name: MailboxName, specialUse: SpecialUse? = nil) async throws(StoreError) -> MailboxID {
        let limit = limits.mailboxes
        return try await write { db in
            guard try db.mailbox(named: name) == nil else { throw StoreError.mailboxExists }
            return try db.createMailbox(name, specialUse: specialUse, limit: limit)
        }
    }

    /// Deletes the mailbox and its messages; children stay (the name is then `\NonExistent`). `.inboxIsFixed`,
    /// `.noSuchMailbox`, `.hasChildren` (a name that exists only as their parent).
    package func delete(_ name: MailboxName) async throws(StoreError) {
        guard !name.isInbox else { throw .inboxIsFixed }
        let most = limits.changedAtOnce
        let large = try await read { db in try db.mailbox(named: name).flatMap { $0.messages > most ? $0.id : nil } }
        if let large { try await expunge(.all, in: large) }
        try await write { db in
            guard let row = try db.mailbox(named: name) else {
                throw try db.names(below: name).isEmpty ? StoreError.noSuchMailbox : .hasChildren
            }
            _ = try db.nextModseq()
            let keys = MessageKey.range(row.id)
            try db.execute(
                sql: "DELETE FROM messages WHERE id BETWEEN ? AND ?", arguments: [keys.lowerBound, keys.upperBound])
            try db.execute(
                sql: "DELETE FROM changes WHERE kind = ? AND collection = ?",
                arguments: [ChangeKind.messages, row.id.rawValue])
            try db.execute(sql: "DELETE FROM mailboxes WHERE id = ?", arguments: [row.id.rawValue])
            try db.retire(name, uidValidity: row.state.uidValidity)
        }
    }

    /// The name need not exist. Subscribing twice is fine. `.limit(.subscriptions)`
    package func subscribe(_ name: MailboxName) async throws(StoreError) {
        let limit = limits.subscriptions
        try await write { db in
            try db.execute(sql: "INSERT OR IGNORE INTO subscriptions (name) VALUES (?)", arguments: [name.path])
            guard db.changesCount == 1 else { return }
            let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM subscriptions") ?? 0
            guard count <= limit else { throw StoreError.limit(.subscriptions) }
        }
    }

    /// A name that is not subscribed is no error.
    package func unsubscribe(_ name: MailboxName) async throws(StoreError) {
        try await write { db in
            try db.execute(sql: "DELETE FROM subscriptions WHERE name = ?", arguments: [name.path])
        }
    }

    package func status(of name: MailboxName) async throws(StoreError) -> MailboxStatus {
        try await read { db in try db.status(of: db.existingMailbox(named: name)) }
    }

    /// Reads one row: how NOOP, and IDLE each minute, find out that nothing happened.
    package func state(of mailbox: MailboxID) async throws(StoreError) -> MailboxState {
        try await read { db in try db.mailbox(mailbox).state }
    }

    /// Modseq of the latest change anywhere in the account.
    package func highestModseq() async throws(StoreError) -> UInt64 {
        try await read { db in
            UInt64(bitPattern: try Int64.fetchOne(db, sql: "SELECT modseq FROM account") ?? 1)
        }
    }
}

extension MailboxListing {
    fileprivate static func onlyName(_ name: MailboxName) -> MailboxListing {
        MailboxListing(name: name, id: nil, specialUse: nil, isSubscribed: false, hasChildren: false, status: nil)
    }
}

extension Database {
    func status(of row: MailboxRow) throws -> MailboxStatus {
        var recent = 0
        if row.firstRecent == 1 {
            recent = row.messages
        } else if row.firstRecent < row.state.uidNext, row.messages > 0 {
            let statement = try cachedStatement(sql: "SELECT count(*) FROM messages WHERE id BETWEEN ? AND ?")
            let keys = MessageKey.range(row.id, row.firstRecent...UInt32.max)
            recent = try Int.fetchOne(statement, arguments: [keys.lowerBound, keys.upperBound]) ?? 0
        }
        return MailboxStatus(
            state: row.state, messages: row.messages, unseen: row.unseen, deleted: row.deleted, size: row.size,
            deletedSize: try deletedSize(of: row), recent: recent)
    }

    /// Makes a mailbox that is not there, and its parents. It starts at UID 1 with a UIDVALIDITY of its own.
    @discardableResult
    func createMailbox(_ name: MailboxName, specialUse: SpecialUse? = nil, limit: Int) throws -> MailboxID {
        for ancestor in name.ancestors where try mailbox(named: ancestor) == nil {
            try insertMailbox(ancestor, specialUse: nil, limit: limit)
        }
        return try insertMailbox(name, specialUse: specialUse, limit: limit)
    }

    @discardableResult
    private func insertMailbox(_ name: MailboxName, specialUse: SpecialUse?, limit: Int) throws -> MailboxID {
        let count = try Int.fetchOne(self, sql: "SELECT count(*) FROM mailboxes") ?? 0
        guard count < limit else { throw StoreError.limit(.mailboxes) }
        try execute(
            sql: "INSERT INTO mailboxes (name, uid_validity, modseq, special_use) VALUES (?, ?, ?, ?)",
            arguments: [name.path, try nextUIDValidity(), try nextModseq(), specialUse?.rawValue])
        let id = MailboxID(rawValue: lastInsertedRowID)
        // Message keys leave 31 bits for the mailbox.
        guard id.rawValue < Int64(Int32.max) else { throw StoreError.limit(.mailboxes) }
        return id
    }

    /// Remembers what UIDVALIDITY a name had, so that a mailbox renamed to it later never shows a lower one.
    func retire(_ name: MailboxName, uidValidity: UInt32) throws {
        try execute(
            sql: """
                INSERT INTO former_names (name, uid_validity) VALUES (?, ?)
                ON CONFLICT (name) DO UPDATE SET uid_validity = max(uid_validity, excluded.uid_validity)
                """, arguments: [name.path, Int64(uidValidity)])
    }

    /// Mailboxes below a name, at any depth, sorted.
    func names(below name: MailboxName) throws -> [MailboxRow] {
        try Row.fetchAll(
            self, sql: "SELECT \(MailboxRow.columns) FROM mailboxes WHERE name > ? AND name < ? ORDER BY name",
            // '0' is the character after '/': all names that start with "name/".
            arguments: [name.path + "/", name.path + "0"]
        ).map(MailboxRow.init)
    }
}
