// SPDX-License-Identifier: Apache-2.0
import GRDB

/// A row of `mailboxes`.
struct MailboxRow {
    var id: MailboxID
    var name: MailboxName
    var state: MailboxState
    var firstRecent: UInt32
    var specialUse: SpecialUse?
    var messages: Int
    var unseen: Int
    var deleted: Int
    var size: Int

    static let columns =
        "id, name, uid_validity, uid_next, modseq, first_recent, special_use, messages, unseen, deleted, size"

    init(_ row: Row) {
        id = MailboxID(rawValue: row[0])
        name = MailboxName(unchecked: row[1])
        state = MailboxState(
            uidValidity: UInt32(truncatingIfNeeded: row[2] as Int64),
            uidNext: UInt32(truncatingIfNeeded: row[3] as Int64),
            highestModseq: UInt64(bitPattern: row[4] as Int64))
        firstRecent = UInt32(truncatingIfNeeded: row[5] as Int64)
        specialUse = (row[6] as String?).flatMap(SpecialUse.init(rawValue:))
        messages = row[7]
        unseen = row[8]
        deleted = row[9]
        size = row[10]
    }
}

extension Database {
    func mailbox(_ id: MailboxID) throws -> MailboxRow {
        let statement = try cachedStatement(sql: "SELECT \(MailboxRow.columns) FROM mailboxes WHERE id = ?")
        guard let row = try Row.fetchOne(statement, arguments: [id.rawValue]) else { throw StoreError.noSuchMailbox }
        return MailboxRow(row)
    }

    func mailbox(named name: MailboxName) throws -> MailboxRow? {
        let statement = try cachedStatement(sql: "SELECT \(MailboxRow.columns) FROM mailboxes WHERE name = ?")
        return try Row.fetchOne(statement, arguments: [name.path]).map(MailboxRow.init)
    }

    func existingMailbox(named name: MailboxName) throws -> MailboxRow {
        guard let row = try mailbox(named: name) else { throw StoreError.noSuchMailbox }
        return row
    }

    /// Takes the account's next modseq.
    package func nextModseq() throws -> Int64 {
        // Not RETURNING, for which SQLite makes a table of its own each time.
        try cachedStatement(sql: "UPDATE account SET modseq = modseq + 1 WHERE id = 1").execute()
        guard let value = try Int64.fetchOne(cachedStatement(sql: "SELECT modseq FROM account WHERE id = 1")) else {
            throw StoreError.damaged
        }
        return value
    }

    /// Takes a UIDVALIDITY that no mailbox of the account ever had, nor (by the clock) one of the same address before.
    func nextUIDValidity() throws -> Int64 {
        let now = min(SystemClock.seconds(), Int64(UInt32.max) - 1_000_000)
        try cachedStatement(sql: "UPDATE account SET uid_validity = max(uid_validity + 1, ?)").execute(arguments: [now])
        guard let value = try Int64.fetchOne(cachedStatement(sql: "SELECT uid_validity FROM account")) else {
            throw StoreError.damaged
        }
        return value
    }

    /// Records that something changed inside.
    func touch(_ mailbox: MailboxID, modseq: Int64, uidNext: UInt32? = nil) throws {
        if let uidNext {
            try cachedStatement(sql: "UPDATE mailboxes SET modseq = ?, uid_next = ? WHERE id = ?")
                .execute(arguments: [modseq, Int64(uidNext), mailbox.rawValue])
        } else {
            try cachedStatement(sql: "UPDATE mailboxes SET modseq = ? WHERE id = ?")
                .execute(arguments: [modseq, mailbox.rawValue])
        }
    }

    /// The rows of a mailbox's messages with these UIDs, ascending. `columns` are of `messages` (as `m`), the key
    /// first. Ends early when `isMoreWanted` says no.
    func forEachMessage(
        _ columns: String, from tables: String = "messages m", in mailbox: MailboxRow, _ uids: UIDSet,
        while isMoreWanted: () -> Bool = { true }, _ body: (Row) throws -> Void
    ) throws {
        let statement = try cachedStatement(
            sql: "SELECT \(columns) FROM \(tables) WHERE m.id BETWEEN ? AND ? ORDER BY m.id")
        for range in uids.ranges {
            guard isMoreWanted(), range.lowerBound < mailbox.state.uidNext else { break }
            let keys = MessageKey.range(mailbox.id, range)
            let rows = try Row.fetchCursor(statement, arguments: [keys.lowerBound, keys.upperBound])
            while isMoreWanted(), let row = try rows.next() { try body(row) }
        }
    }

    func keywords(of mailbox: MailboxID) throws -> KeywordTable {
        var table = KeywordTable()
        let statement = try cachedStatement(sql: "SELECT position, name FROM keywords WHERE mailbox = ?")
        let rows = try Row.fetchCursor(statement, arguments: [mailbox.rawValue])
        while let row = try rows.next() { table.set(row[1], at: row[0]) }
        return table
    }

    /// Removes message rows (keys ascending, of one mailbox) and remembers their UIDs as gone.
    func removeMessages(_ keys: [Int64], from mailbox: MailboxID, modseq: Int64) throws -> UIDSet {
        var uids = UIDSet()
        let remove = try cachedStatement(sql: "DELETE FROM messages WHERE id = ?")
        for key in keys {
            try remove.execute(arguments: [key])
            uids.insert(MessageKey.uid(key))
        }
        try remember(uids, gone: mailbox.rawValue, modseq: modseq)
        return uids
    }

    /// A row for each range of UIDs that went from a mailbox.
    func remember(_ uids: UIDSet, gone mailbox: Int64, modseq: Int64) throws {
        let record = try cachedStatement(
            sql: "INSERT INTO changes (kind, collection, modseq, first, last) VALUES (?, ?, ?, ?, ?)")
        for range in uids.ranges {
            try record.execute(arguments: [
                ChangeKind.messages, mailbox, modseq, Int64(range.lowerBound), Int64(range.upperBound),
            ])
        }
    }
}
