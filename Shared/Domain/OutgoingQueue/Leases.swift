// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB

extension OutgoingQueue {
    /// Takes what is due first, with the other due deliveries of the same message and domain: one compare-and-set, so
    /// that no two workers hold the same delivery. `nil` when nothing is due.
    ///
    /// - Parameters:
    ///   - owner: names the worker; unique among all processes.
    ///   - busy: domains that have their share of connections.
    package func take(_ kind: DeliveryKind, owner: String, excluding busy: Set<String> = []) async throws -> Batch? {
        let time = milliseconds
        return try await database.write { db in
            let excluded = busy.isEmpty ? "" : "AND domain NOT IN (\(busy.map { _ in "?" }.joined(separator: ",")))"
            var arguments: StatementArguments = [kind.rawValue, time, time]
            arguments += StatementArguments(busy.sorted())
            guard
                let first = try Row.fetchOne(
                    db,
                    sql: """
                        SELECT message, domain FROM deliveries
                        WHERE kind = ? AND held = 0 AND due <= ? AND lease_until <= ? \(excluded)
                        ORDER BY due, id LIMIT 1
                        """, arguments: arguments)
            else { return nil }
            let message: Int64 = first["message"]
            let domain: String = first["domain"]
            let rows = try Row.fetchAll(
                db,
                sql: """
                    UPDATE deliveries SET owner = ?, attempts = attempts + 1, lease_until = ?
                    WHERE id IN (
                        SELECT id FROM deliveries
                        WHERE message = ? AND domain = ? AND kind = ? AND held = 0 AND due <= ? AND lease_until <= ?
                        ORDER BY id LIMIT ?)
                    RETURNING id, key, recipient, account, attempts, delay_told
                    """,
                arguments: [
                    owner, time + Int64(QueueLimits.leaseSeconds) * 1_000, message, domain, kind.rawValue, time, time,
                    QueueLimits.batch,
                ])
            guard let row = try Row.fetchOne(db, sql: "SELECT * FROM messages WHERE id = ?", arguments: [message])
            else {
                return nil
            }
            return Batch(
                message: message, reversePath: row["reverse_path"], needsSMTPUTF8: row["smtputf8"], size: row["size"],
                created: row["created"], kind: kind, domain: domain, owner: owner,
                deliveries: rows.map {
                    Batch.Delivery(
                        id: $0["id"], key: $0["key"], recipient: $0["recipient"], account: $0["account"],
                        attempt: $0["attempts"], delayTold: $0["delay_told"])
                }.sorted { $0.id < $1.id })
        }
    }

    /// Prolongs the leases of a batch. `false` when one was lost (expired and taken by another): the worker must stop
    /// before it sends what it has not sent yet.
    package func renew(_ batch: Batch) async throws -> Bool {
        let time = milliseconds
        return try await database.write { db in
            var held = 0
            for delivery in batch.deliveries {
                try db.execute(
                    sql: "UPDATE deliveries SET lease_until = ? WHERE id = ? AND owner = ? AND attempts = ?",
                    arguments: [
                        time + Int64(QueueLimits.leaseSeconds) * 1_000, delivery.id, batch.owner, delivery.attempt,
                    ])
                held += db.changesCount
            }
            return held == batch.deliveries.count
        }
    }

    /// Gives a batch back untried, as when the worker stops: due again now, the attempt is not counted.
    package func giveBack(_ batch: Batch) async throws {
        try await database.write { db in
            for delivery in batch.deliveries {
                try db.execute(
                    sql: """
                        UPDATE deliveries SET owner = NULL, lease_until = 0, attempts = attempts - 1
                        WHERE id = ? AND owner = ? AND attempts = ?
                        """, arguments: [delivery.id, batch.owner, delivery.attempt])
            }
        }
        wake(batch.kind)
    }

    /// Commits the results of an attempt, by delivery id, and the notification that they call for, in one transaction.
    ///
    /// A result whose lease was lost is ignored. A delivery without a result is given back.
    /// - Parameter notice: makes the message to the sender out of what failed or became late; it is enqueued in the
    ///   same transaction, so that it is told exactly once. It is not called for the null reverse-path.
    package func finish(
        _ batch: Batch, results: [Int64: AttemptResult],
        notice: @escaping @Sendable ([Settled]) -> NewMessage? = { _ in nil }
    ) async throws {
        let time = milliseconds
        let told = try await database.write { db -> NewMessage? in
            var settled: [Settled] = []
            for delivery in batch.deliveries {
                if let entry = try settle(delivery, results[delivery.id], of: batch, at: time, in: db) {
                    settled.append(entry)
                }
            }
            try Self.removeIfDone(batch.message, in: db)
            guard !batch.reversePath.isEmpty, !settled.isEmpty, let message = notice(settled) else { return nil }
            _ = try Self.insert(message, at: time, in: db)
            return message
        }
        for kind in Set(told?.recipients.map(\.kind) ?? []) { wake(kind) }
    }

    /// Returns what the sender should be told of: failures, and a delay that was not told yet.
    private func settle(
        _ delivery: Batch.Delivery, _ result: AttemptResult?, of batch: Batch, at time: Int64, in db: Database
    ) throws -> Settled? {
        let mine = "id = ? AND owner = ? AND attempts = ?"
        let identity: StatementArguments = [delivery.id, batch.owner, delivery.attempt]
        guard let result else {
            try db.execute(
                sql: "UPDATE deliveries SET owner = NULL, lease_until = 0, attempts = attempts - 1 WHERE \(mine)",
                arguments: identity)
            return nil
        }
        let age = (time - batch.created) / 1_000
        let failed = result.outcome == .failed || (result.outcome == .deferred && age >= Int64(Retry.giveUpAfter))
        if failed || result.outcome == .delivered {
            try db.execute(sql: "DELETE FROM deliveries WHERE \(mine)", arguments: identity)
            guard db.changesCount == 1, failed else { return nil }
            return Settled(recipient: delivery.recipient, fate: .failed, result: result)
        }
        let wait = Retry.wait(afterAttempts: delivery.attempt, spread: Double.random(in: 0...1))
        let tellDelay = !delivery.delayTold && age >= Int64(Retry.tellDelayAfter)
        try db.execute(
            sql: "UPDATE deliveries SET owner = NULL, lease_until = 0, due = ?, delay_told = ? WHERE \(mine)",
            arguments: [time + Int64(wait) * 1_000, delivery.delayTold || tellDelay] + identity)
        guard db.changesCount == 1 else { return nil }
        try db.execute(
            sql: "INSERT INTO attempts (delivery, at, host, status, reply) VALUES (?, ?, ?, ?, ?)",
            arguments: [
                delivery.id, time, result.host, result.status, String(result.reply.prefix(QueueLimits.replyCharacters)),
            ])
        try db.execute(
            sql: """
                DELETE FROM attempts WHERE delivery = ?1 AND id NOT IN
                    (SELECT id FROM attempts WHERE delivery = ?1 ORDER BY id DESC LIMIT ?2)
                """, arguments: [delivery.id, QueueLimits.attemptsKept])
        guard tellDelay else { return nil }
        return Settled(
            recipient: delivery.recipient, fate: .delayed(until: batch.created / 1_000 + Int64(Retry.giveUpAfter)),
            result: result)
    }

    static func removeIfDone(_ message: Int64, in db: Database) throws {
        let left = try Int.fetchOne(
            db, sql: "SELECT COUNT(*) FROM deliveries WHERE message = ?", arguments: [message])
        guard left == 0 else { return }
        try db.execute(
            sql: "DELETE FROM chunks WHERE id BETWEEN ? AND ?", arguments: [message << 16, message << 16 | 0xFFFF])
        try db.execute(sql: "DELETE FROM messages WHERE id = ?", arguments: [message])
    }
}
