// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB

/// One delivery as the operator sees it.
package struct QueuedDelivery: Sendable, Codable, Equatable {
    package struct Attempt: Sendable, Codable, Equatable {
        /// Seconds since 1970.
        package let at: Int64
        package let host: String
        package let status: String
        package let reply: String
    }

    package let id: Int64
    package let message: Int64
    /// `local` or `remote`.
    package let kind: String
    package let sender: String
    package let recipient: String
    package let size: Int
    /// Seconds since 1970.
    package let arrived: Int64
    package let due: Int64
    package let attempts: Int
    package let held: Bool
    package let inDelivery: Bool
    /// Oldest first; empty in a listing.
    package let story: [Attempt]
}

extension OutgoingQueue {
    /// What is in the spool, oldest first; `offset` passes over the oldest.
    package func list(limit: Int = QueueLimits.listed, offset: Int = 0) async throws -> [QueuedDelivery] {
        let time = milliseconds
        return try await database.read { db in
            try Row.fetchAll(
                db, sql: Self.listing + " ORDER BY d.id LIMIT ? OFFSET ?",
                arguments: [min(limit, QueueLimits.listed), offset]
            )
            .map { Self.queued($0, at: time, story: []) }
        }
    }

    /// One delivery with its story. `nil` when it is not there (any more).
    package func show(_ id: Int64) async throws -> QueuedDelivery? {
        let time = milliseconds
        return try await database.read { db in
            guard let row = try Row.fetchOne(db, sql: Self.listing + " WHERE d.id = ?", arguments: [id]) else {
                return nil
            }
            let story = try Row.fetchAll(
                db, sql: "SELECT * FROM attempts WHERE delivery = ? ORDER BY id", arguments: [id]
            )
            .map {
                QueuedDelivery.Attempt(
                    at: ($0["at"] as Int64) / 1_000, host: $0["host"], status: $0["status"], reply: $0["reply"])
            }
            return Self.queued(row, at: time, story: story)
        }
    }

    /// Makes deliveries due now and ends a hold; all of them without `ids`. Returns how many.
    package func retry(_ ids: [Int64]? = nil) async throws -> Int {
        let time = milliseconds
        let changed = try await change(ids, "UPDATE deliveries SET due = \(time), held = 0")
        if changed > 0 { DeliveryKind.allCases.forEach(wake) }
        return changed
    }

    /// Keeps deliveries from being tried until `retry`. Returns how many.
    package func hold(_ ids: [Int64]) async throws -> Int {
        try await change(ids, "UPDATE deliveries SET held = 1")
    }

    /// Removes deliveries without telling anyone. One that is being delivered just now may still arrive.
    package func remove(_ ids: [Int64]) async throws -> Int {
        try await database.write { db in
            var removed = 0
            for id in ids {
                let message = try Int64.fetchOne(
                    db, sql: "DELETE FROM deliveries WHERE id = ? RETURNING message", arguments: [id])
                guard let message else { continue }
                removed += 1
                try Self.removeIfDone(message, in: db)
            }
            return removed
        }
    }

    /// Deliveries in the spool and the age of the oldest in seconds, for health and metrics.
    package func depth() async throws -> (deliveries: Int, oldestSeconds: Int) {
        let time = milliseconds
        return try await database.read { db in
            let count = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM deliveries") ?? 0
            let oldest = try Int64.fetchOne(db, sql: "SELECT MIN(created) FROM messages")
            return (count, oldest.map { Int((time - $0) / 1_000) } ?? 0)
        }
    }

    private func change(_ ids: [Int64]?, _ sql: String) async throws -> Int {
        try await database.write { db in
            guard let ids else {
                try db.execute(sql: sql)
                return db.changesCount
            }
            var changed = 0
            for id in ids {
                try db.execute(sql: sql + " WHERE id = ?", arguments: [id])
                changed += db.changesCount
            }
            return changed
        }
    }

    private static let listing = """
        SELECT d.*, m.created AS created, m.reverse_path AS reverse_path, m.size AS size
        FROM deliveries d JOIN messages m ON m.id = d.message
        """

    private static func queued(_ row: Row, at time: Int64, story: [QueuedDelivery.Attempt]) -> QueuedDelivery {
        QueuedDelivery(
            id: row["id"], message: row["message"], kind: (row["kind"] as Int) == 0 ? "local" : "remote",
            sender: row["reverse_path"], recipient: row["recipient"], size: row["size"],
            arrived: (row["created"] as Int64) / 1_000, due: (row["due"] as Int64) / 1_000, attempts: row["attempts"],
            held: row["held"], inDelivery: (row["lease_until"] as Int64) > time, story: story)
    }
}
