// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import GRDB
import SealedSQLite

/// A message that waits, still sealed.
struct WaitingArrival: Sendable {
    var row: Int64
    var id: [UInt8]
    var size: Int
    var head: [UInt8]

    /// What its filing is remembered by in the account's file.
    var deliveryKey: String { ArrivalsFile.filedKey + Hex.text(id) }
}

extension ArrivalsFile {
    /// What the keys of filed arrivals begin with in `delivery_keys` of an account's file.
    static let filedKey = "arrival/"
    /// Messages, and bytes, of a batch that is filed in one transaction.
    static let (batchCount, batchBytes) = (64, 16 << 20)
    /// Chunks that are read at once.
    static let chunksRead = 8
    /// A message that did not open is tried again after that many seconds.
    static let refusalSeconds: Int64 = 86_400
}

extension Arrivals {
    /// The first that wait behind `row`: as many as are filed at once.
    func waiting(after row: Int64) async throws(StoreError) -> [WaitingArrival] {
        let due = SystemClock.seconds() - ArrivalsFile.refusalSeconds
        let found = try await read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT id, arrival, size, head FROM arrivals WHERE id > ? AND (refused IS NULL OR refused < ?)
                    ORDER BY id LIMIT ?
                    """, arguments: [row, due, ArrivalsFile.batchCount]
            ).map { WaitingArrival(row: $0[0], id: [UInt8]($0[1] as Data), size: $0[2], head: [UInt8]($0[3] as Data)) }
        }
        var bytes = 0
        let fitting = found.prefix { next in
            bytes += min(max(0, next.size), ArrivalSeal.messageBytes)
            return bytes <= ArrivalsFile.batchBytes
        }
        return Array(found.prefix(max(1, fitting.count)))
    }

    /// Throws `ArrivalSealError`, or `StoreError` when it cannot be read.
    func open(_ arrival: WaitingArrival, with key: ArrivalKey) async throws -> (message: [UInt8], InternalDate) {
        guard (0...ArrivalSeal.messageBytes).contains(arrival.size) else { throw ArrivalSealError.malformed }
        let count = ArrivalSeal.chunks(ofMessage: arrival.size)
        var recipient = try ArrivalRecipient(head: arrival.head, id: arrival.id, account: account, key: key)
        var message: [UInt8] = []
        var arrived: InternalDate?
        for first in stride(from: 0, to: count, by: ArrivalsFile.chunksRead) {
            let some = first..<min(count, first + ArrivalsFile.chunksRead)
            let sealed = try await read { db in
                let statement = try db.cachedStatement(sql: "SELECT data FROM chunks WHERE id = ?")
                return try some.compactMap {
                    try Data.fetchOne(statement, arguments: [ArrivalChunk.key(arrival.row, $0)])
                }
            }
            guard sealed.count == some.count else { throw ArrivalSealError.malformed }
            for (n, sealed) in zip(some, sealed) {
                let clear = try recipient.open(sealed, isLast: n == count - 1)
                if n == 0 {
                    arrived = try ArrivalHeader(Array(clear.prefix(ArrivalHeader.byteCount))).arrived
                    message.reserveCapacity(arrival.size)
                    message += clear.dropFirst(ArrivalHeader.byteCount)
                } else {
                    message += clear
                }
            }
        }
        guard let arrived, message.count == arrival.size else { throw ArrivalSealError.malformed }
        return (message, arrived)
    }

    /// What the account's file held when somebody with its key looked last.
    func knownUse() async throws(StoreError) -> StorageUse? {
        try await read { db in
            try Row.fetchOne(db, sql: "SELECT messages, message_bytes, object_bytes FROM state WHERE seen > 0")
                .map { StorageUse(messages: $0[0], messageBytes: $0[1], objectBytes: $0[2], limit: nil) }
        }
    }

    /// Removes what is filed; from now on it counts as a part of `use`.
    func finish(_ rows: [Int64], use: StorageUse) async throws(StoreError) {
        let now = SystemClock.seconds()
        try await write { db in
            let delete = try db.cachedStatement(sql: "DELETE FROM arrivals WHERE id = ?")
            for row in rows { try delete.execute(arguments: [row]) }
            try db.execute(
                sql: """
                    UPDATE state SET
                        messages = ?1, message_bytes = ?2, object_bytes = ?3, seen = ?4,
                        warned_above = CASE WHEN ?2 + ?3 + waiting_bytes >= warned_above THEN warned_above END
                    """, arguments: [use.messages, use.messageBytes, use.objectBytes, now])
        }
    }

    /// Puts one aside that does not open. It stays, hinders nobody, and is tried again after a day.
    func refuse(_ row: Int64) async throws(StoreError) {
        let now = SystemClock.seconds()
        try await write { db in
            try db.execute(sql: "UPDATE arrivals SET refused = ? WHERE id = ?", arguments: [now, row])
        }
    }

    /// What was put aside waits again, as after a restore.
    package func tryRefusedAgain() async throws(StoreError) {
        try await write { try $0.execute(sql: "UPDATE arrivals SET refused = NULL WHERE refused IS NOT NULL") }
    }

    /// One small step of tidying, as `AccountStore.tidy`.
    @discardableResult
    package func tidy() async throws(StoreError) -> Bool {
        let delivered = SystemClock.seconds() - Int64(directory.limits.deliveryKeyDays) * 86_400
        return try await write { db in
            let forgotten = try db.forgetDeliveries(before: delivered)
            let free = try db.giveBackPages()
            return forgotten || free
        }
    }
}
