// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import SealedSQLite

/// The spool: messages that still have to reach someone. `spool.db` is the truth; wake-ups only hurry.
///
/// Every operation is one transaction with a full sync. Any number of processes work on the file: a worker takes
/// deliveries by compare-and-set and holds them by a lease (owner, attempt, expiry).
package struct OutgoingQueue: Sendable {
    let database: SealedPool
    /// Called after the commit, never waited for.
    let wake: @Sendable (DeliveryKind) -> Void
    let now: @Sendable () -> Date

    /// The schema of `spool.db`, for whoever makes or opens the file.
    package static let migrations = [
        Migration(number: 1, name: "messages and deliveries") { try $0.execute(sql: Schema.first) }
    ]

    /// - Parameters:
    ///   - database: `spool.db`, opened with `migrations`.
    ///   - wake: tells the workers of a kind that something is due; must not block.
    package init(
        database: SealedPool, now: @escaping @Sendable () -> Date = { Date() },
        wake: @escaping @Sendable (DeliveryKind) -> Void = { _ in }
    ) {
        self.database = database
        self.now = now
        self.wake = wake
    }

    var milliseconds: Int64 { Int64(now().timeIntervalSince1970 * 1_000) }

    /// On disk when it returns. Throws `QueueError.tooLarge` or `.recipients` past `QueueLimits`, `.diskFull`.
    @discardableResult
    package func enqueue(_ message: NewMessage) async throws -> Int64 {
        guard DiskRoom.allows(message.content.count, at: database.path) else { throw QueueError.diskFull }
        let time = milliseconds
        let id: Int64
        do {
            id = try await database.write { try Self.insert(message, at: time, in: $0) }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_FULL {
            throw QueueError.diskFull
        }
        for kind in Set(message.recipients.map(\.kind)) { wake(kind) }
        return id
    }

    static func insert(_ message: NewMessage, at time: Int64, in db: Database) throws -> Int64 {
        guard message.content.count <= QueueLimits.messageBytes else { throw QueueError.tooLarge }
        guard (1...QueueLimits.recipients).contains(message.recipients.count) else { throw QueueError.recipients }
        try db.execute(
            sql: "INSERT INTO messages (created, reverse_path, smtputf8, size) VALUES (?, ?, ?, ?)",
            arguments: [time, message.reversePath, message.needsSMTPUTF8, message.content.count])
        let id = db.lastInsertedRowID
        let chunk = try db.makeStatement(sql: "INSERT INTO chunks (id, data) VALUES (?, ?)")
        for (number, start) in stride(from: 0, to: message.content.count, by: QueueLimits.chunkBytes).enumerated() {
            let end = min(start + QueueLimits.chunkBytes, message.content.count)
            try chunk.execute(arguments: [id << 16 | Int64(number), Data(message.content[start..<end])])
        }
        let delivery = try db.makeStatement(
            sql: """
                INSERT INTO deliveries (message, kind, key, recipient, domain, account, due) VALUES (?, ?, ?, ?, ?, ?, ?)
                """)
        for recipient in message.recipients {
            try delivery.execute(arguments: [
                id, recipient.kind.rawValue, randomKey(), recipient.recipient, recipient.domain, recipient.account,
                time,
            ])
        }
        return id
    }

    /// 128 random bits as hex digits.
    static func randomKey() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<32).map { _ in String(Int.random(in: 0..<16, using: &generator), radix: 16) }.joined()
    }

    /// All of a message's bytes. Throws `QueueError.noSuchMessage`.
    package func content(of message: Int64) async throws -> [UInt8] {
        try await database.read { db in
            guard let size = try Int.fetchOne(db, sql: "SELECT size FROM messages WHERE id = ?", arguments: [message])
            else {
                throw QueueError.noSuchMessage
            }
            var content: [UInt8] = []
            content.reserveCapacity(size)
            let rows = try Row.fetchCursor(
                db, sql: "SELECT data FROM chunks WHERE id BETWEEN ? AND ? ORDER BY id",
                arguments: [message << 16, message << 16 | 0xFFFF])
            while let row = try rows.next() {
                try row.withUnsafeData(atIndex: 0) { data in if let data { content.append(contentsOf: data) } }
            }
            guard content.count == size else { throw QueueError.noSuchMessage }
            return content
        }
    }
}

package enum QueueError: Error, Equatable {
    case tooLarge
    case recipients
    case noSuchMessage
    case diskFull
}
