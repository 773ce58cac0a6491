// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import GRDB
import SealedSQLite

/// The sealed mail of one zero-access account: takes it in for who delivers, gives it out to who files it. Needs no key of
/// the account. A light handle, as `AccountStore` is; each operation is one transaction.
package final class Arrivals: Sendable {
    let place: ArrivalsPlace
    let directory: AccountDirectory

    init(place: ArrivalsPlace, directory: AccountDirectory) { (self.place, self.directory) = (place, directory) }

    package var account: AccountID { place.account }

    func withFile<T: Sendable>(_ body: @Sendable (OpenFile) async throws -> T) async throws(StoreError) -> T {
        try await directory.withArrivals(place, body)
    }

    func read<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws(StoreError) -> T {
        try await withFile { try await $0.pool.read(body) }
    }

    func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws(StoreError) -> T {
        try await withFile { try await $0.pool.write(body) }
    }

    /// What waits, and what counts against the quota.
    package func state() async throws(StoreError) -> ArrivalsState {
        let limit = try await directory.quota(of: account)
        return try await read { db in
            let statement = try db.cachedStatement(
                sql: """
                    SELECT \(Database.arrivalsUseColumns), seen, waiting, waiting_bytes,
                        (SELECT count(*) FROM arrivals WHERE refused IS NOT NULL)
                    FROM state
                    """)
            guard let row = try Row.fetchOne(statement) else { throw StoreError.damaged }
            return ArrivalsState(
                use: StorageUse(arrivals: row, limit: limit), seen: row[3], waiting: row[4], waitingBytes: row[5],
                refused: row[6])
        }
    }

    /// What SQLite finds wrong in the file, at most 20 lines; empty when it is sound. Reads every page.
    package func integrityProblems() async throws(StoreError) -> [String] {
        try await read { try $0.integrityProblems() }
    }

    /// Whether that many bytes more fit just now; only storing them can promise it.
    package func hasRoom(for bytes: Int) async throws(StoreError) -> Bool {
        guard let limit = try await directory.quota(of: account) else { return true }
        return try await read { try $0.arrivalsUse(limit: limit).hasRoom(for: bytes) }
    }

    /// Seals a message and keeps it for filing; on disk (full sync) when this returns.
    ///
    /// - Parameters: as of `AccountStore.deliver`. A known `deliveryKey` stores nothing, also after the filing.
    /// Returns whether it is stored now; false: it was before. Throws `.messageTooLarge`, `.overQuota`, `.diskFull`.
    @discardableResult
    package func deliver(
        _ message: [UInt8], internalDate: InternalDate = .now(), deliveryKey: String? = nil,
        warning: (@Sendable (StorageUse) -> [UInt8])? = nil
    ) async throws(StoreError) -> Bool {
        let limit = min(directory.limits.messageBytes, ArrivalSeal.messageBytes)
        guard message.count <= limit else { throw .messageTooLarge(limit: limit) }
        guard DiskRoom.allows(message.count, at: directory.root) else { throw .diskFull }
        let quota = try await directory.quota(of: account)
        let place = place
        @Sendable func sealed(_ message: [UInt8]) throws -> SealingArrival {
            SealingArrival(
                sender: try ArrivalSender(to: place.publicKey, of: place.account), message: message,
                arrived: internalDate)
        }
        let arrival: SealingArrival
        do { arrival = try sealed(message) } catch { throw .keyUnavailable }
        return try await withFile { file in
            try await file.appends.run(bytes: message.count) { db in
                if let deliveryKey, try db.isKnownDelivery(deliveryKey) { return false }
                let use = try db.arrivalsUse(limit: quota)
                guard use.hasRoom(for: message.count) else { throw StoreError.overQuota }
                try db.insert(arrival)
                if let deliveryKey { try db.rememberDelivery(deliveryKey) }
                if let warning, let quota, let use = try db.arrivalsUseToWarnOf(limit: quota) {
                    try db.insert(sealed(warning(use)))
                }
                return true
            }
        }
    }
}

/// A message on its way into `arrivals`. Sealed chunk by chunk as it is written.
private struct SealingArrival: Sendable {
    let sender: ArrivalSender
    let message: [UInt8]
    let arrived: InternalDate
}

extension Database {
    fileprivate func insert(_ arrival: SealingArrival) throws {
        var sender = arrival.sender
        let message = arrival.message
        try cachedStatement(sql: "INSERT INTO arrivals (arrival, at, size, head) VALUES (?, ?, ?, ?)")
            .execute(arguments: [Data(sender.id), arrival.arrived.seconds, message.count, Data(sender.head)])
        let row = lastInsertedRowID
        let insert = try cachedStatement(sql: "INSERT INTO chunks (id, data) VALUES (?, ?)")
        let count = ArrivalSeal.chunks(ofMessage: message.count)
        let first = min(message.count, ArrivalSeal.chunkBytes - ArrivalHeader.byteCount)
        var clear = ArraySlice(ArrivalHeader(arrived: arrival.arrived).bytes + message[..<first])
        var rest = message[first...]
        for n in 0..<count {
            try insert.execute(arguments: [ArrivalChunk.key(row, n), sender.seal(clear, isLast: n == count - 1)])
            clear = rest.prefix(ArrivalSeal.chunkBytes)
            rest = rest.dropFirst(ArrivalSeal.chunkBytes)
        }
    }

    fileprivate func isKnownDelivery(_ key: String) throws -> Bool {
        let statement = try cachedStatement(sql: "SELECT 1 FROM delivery_keys WHERE key = ?")
        return try Int.fetchOne(statement, arguments: [key]) != nil
    }

    fileprivate func rememberDelivery(_ key: String) throws {
        try cachedStatement(sql: "INSERT INTO delivery_keys (key, at) VALUES (?, ?)")
            .execute(arguments: [key, SystemClock.seconds()])
    }

    fileprivate static var arrivalsUseColumns: String {
        "messages + waiting, message_bytes + waiting_bytes, object_bytes"
    }

    fileprivate func arrivalsUse(limit: Int?) throws -> StorageUse {
        let statement = try cachedStatement(sql: "SELECT \(Self.arrivalsUseColumns) FROM state")
        guard let row = try Row.fetchOne(statement) else { throw StoreError.damaged }
        return StorageUse(arrivals: row, limit: limit)
    }

    /// As `useToWarnOf`.
    fileprivate func arrivalsUseToWarnOf(limit: Int) throws -> StorageUse? {
        let use = try arrivalsUse(limit: limit)
        guard use.bytes >= QuotaWarning.begins(at: limit) else { return nil }
        try cachedStatement(sql: "UPDATE state SET warned_above = ?1 WHERE warned_above IS NOT ?1")
            .execute(arguments: [QuotaWarning.ends(below: limit)])
        return changesCount == 1 ? use : nil
    }
}

extension StorageUse {
    /// - Parameter row: begins with `arrivalsUseColumns`.
    fileprivate init(arrivals row: Row, limit: Int?) {
        self.init(messages: row[0], messageBytes: row[1], objectBytes: row[2], limit: limit)
    }
}
