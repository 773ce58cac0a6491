// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB

extension AccountStore {
    /// Stores a message as the last of a mailbox; on disk (full sync) when this returns.
    ///
    /// - Parameter message: at most `StoreLimits.messageBytes`, kept byte for byte.
    /// Throws `.noSuchMailbox`, `.messageTooLarge`, `.overQuota`, `.limit(.keywords)`, `.invalidKeyword`.
    package func append(
        _ message: [UInt8], to mailbox: MailboxID, flags: MessageFlags = MessageFlags(),
        internalDate: InternalDate = .now()
    ) async throws(StoreError) -> Appended {
        let prepared = try PreparedMessage(message, limits: limits)
        let quota = try await quota()
        return try await append(bytes: message.count) { db in
            try db.checkRoom(for: prepared.layout.size, limit: quota)
            return try db.append(prepared, to: db.mailbox(mailbox), flags: flags, internalDate: internalDate)
        }
    }

    /// As `append`, by name, for arriving mail. A mailbox that is not there is `.noSuchMailbox`.
    ///
    /// - Parameter deliveryKey: names one delivery (spool row and recipient; at most 200 bytes): a second call with it
    ///   stores nothing and returns what the first did, even when the message was expunged since. Remembered in the
    ///   same transaction, for `StoreLimits.deliveryKeyDays`.
    /// - Parameter warning: makes the message that tells the owner that the account is nearly full. It goes to INBOX in
    ///   the same transaction, once until there is room again, and is not held against the quota.
    package func deliver(
        _ message: [UInt8], to name: MailboxName = .inbox, flags: MessageFlags = MessageFlags(),
        internalDate: InternalDate = .now(), deliveryKey: String? = nil,
        warning: (@Sendable (StorageUse) -> [UInt8])? = nil
    ) async throws(StoreError) -> Appended {
        let limits = limits
        let prepared = try PreparedMessage(message, limits: limits)
        let quota = try await quota()
        return try await append(bytes: message.count) { db in
            if let deliveryKey, let earlier = try db.delivery(of: deliveryKey) { return earlier }
            try db.checkRoom(for: prepared.layout.size, limit: quota)
            let stored = try db.append(
                prepared, to: db.existingMailbox(named: name), flags: flags, internalDate: internalDate)
            if let deliveryKey { try db.remember(stored, for: deliveryKey) }
            if let warning, let quota, let use = try db.useToWarnOf(limit: quota) {
                _ = try db.append(
                    PreparedMessage(warning(use), limits: limits), to: db.existingMailbox(named: .inbox),
                    flags: MessageFlags(), internalDate: .now())
            }
            return stored
        }
    }
}

extension Database {
    func append(
        _ message: PreparedMessage, to mailbox: MailboxRow, flags: MessageFlags, internalDate: InternalDate
    ) throws -> Appended {
        let uid = mailbox.state.uidNext
        guard uid < .max else { throw StoreError.limit(.uids) }
        let packed: UInt64
        if flags.keywords.isEmpty {
            packed = UInt64(flags.system.rawValue & 0x1F)
        } else {
            var table = try keywords(of: mailbox.id)
            packed = try pack(flags, in: mailbox.id, &table)
        }
        let body = try insert(message)
        let modseq = try nextModseq()
        try insertMessage(
            MessageKey.make(mailbox.id, uid), in: mailbox.id, body: body, modseq: modseq, flags: packed,
            size: message.layout.size, date: internalDate)
        try touch(mailbox.id, modseq: modseq, uidNext: uid + 1)
        return Appended(
            mailbox: mailbox.id, uidValidity: mailbox.state.uidValidity, uid: uid, modseq: UInt64(modseq),
            isDuplicate: false)
    }

    func insertMessage(
        _ key: Int64, in mailbox: MailboxID, body: Int64, modseq: Int64, flags: UInt64, size: Int, date: InternalDate
    ) throws {
        let statement = try cachedStatement(
            sql: """
                INSERT INTO messages (id, mailbox, body, modseq, flags, size, internal_date, zone)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """)
        try statement.execute(arguments: [
            key, mailbox.rawValue, body, modseq, Int64(bitPattern: flags), size, date.seconds, date.zoneMinutes,
        ])
    }

    func insert(_ message: PreparedMessage) throws -> Int64 {
        let layout = message.layout
        try cachedStatement(
            sql: """
                INSERT INTO bodies (size, header_size, lead, chunk, encoding, sent_day, structure)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            layout.size, message.headerSize, layout.lead, layout.chunk,
            message.frames.isEmpty ? ChunkCoding.plain : ChunkCoding.zstd, message.sentDay, Data(message.structure),
        ])
        let body = lastInsertedRowID
        let chunk = try cachedStatement(sql: "INSERT INTO chunks (id, data) VALUES (?, ?)")
        for n in 0..<layout.count {
            let data = message.frames[n].map { Data($0) } ?? Data(message.bytes[layout.range(n)])
            try chunk.execute(arguments: [ChunkLayout.key(body, n), data])
        }
        try cachedStatement(sql: "INSERT INTO unindexed (body, size) VALUES (?, ?)")
            .execute(arguments: [body, layout.size])
        return body
    }

    func delivery(of key: String) throws -> Appended? {
        let statement = try cachedStatement(
            sql: "SELECT mailbox, uid_validity, uid, modseq FROM delivery_keys WHERE key = ?")
        return try Row.fetchOne(statement, arguments: [key]).map { row in
            Appended(
                mailbox: MailboxID(rawValue: row[0]), uidValidity: row[1], uid: row[2],
                modseq: UInt64(bitPattern: row[3] as Int64), isDuplicate: true)
        }
    }

    func remember(_ stored: Appended, for key: String) throws {
        try cachedStatement(
            sql: "INSERT INTO delivery_keys (key, mailbox, uid_validity, uid, modseq, at) VALUES (?, ?, ?, ?, ?, ?)"
        ).execute(arguments: [
            key, stored.mailbox.rawValue, stored.uidValidity, stored.uid, Int64(stored.modseq), SystemClock.seconds(),
        ])
    }
}
