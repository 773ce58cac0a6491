// SPDX-License-Identifier: Apache-2.0
import Accounts
import GRDB

/// What a pass of filing did.
package struct Filed: Sendable, Equatable {
    package var messages = 0
    /// That did not open, and were put aside.
    package var refused = 0
}

extension AccountStore {
    /// Files what waits for this account into INBOX, in order of arrival, each with the moment of its arrival as internal
    /// date. Nothing is refused for the quota: it was accepted.
    ///
    /// A batch is one transaction here, which notes the id of each arrival; only then the sealed ones go. Cut off in
    /// between, and with several who file at once, each message is there once. One that does not open is put aside and
    /// hinders none behind it. The last thing is to note in `arrivals` what the account holds now.
    package func file(_ arrivals: Arrivals, with key: ArrivalKey) async throws(StoreError) -> Filed {
        var filed = Filed()
        var last: Int64 = 0
        while true {
            let waiting = try await arrivals.waiting(after: last)
            guard let end = waiting.last else { break }
            var opened: [OpenedArrival] = []
            for arrival in waiting {
                if let message = try await open(arrival, of: arrivals, with: key) {
                    opened.append(message)
                } else {
                    try await arrivals.refuse(arrival.row)
                    filed.refused += 1
                }
            }
            filed.messages += try await file(opened, of: arrivals)
            last = end.row
        }
        try await forgetFiled()
        try await noteUse(in: arrivals)
        return filed
    }

    /// Of those filed long ago, no sealed row is left, and nobody can be filing them still.
    private func forgetFiled() async throws(StoreError) {
        let long = SystemClock.seconds() - Int64(limits.deliveryKeyDays) * 86_400
        let old = """
            FROM delivery_keys WHERE key IN (
                SELECT key FROM delivery_keys WHERE at < ? AND key LIKE '\(ArrivalsFile.filedKey)%' LIMIT 500)
            """
        guard try await read({ try Int.fetchOne($0, sql: "SELECT 1 \(old)", arguments: [long]) }) != nil else { return }
        try await write { try $0.execute(sql: "DELETE \(old)", arguments: [long]) }
    }

    /// Tells the file of arrivals what the account holds, for those who cannot look.
    package func noteUse(in arrivals: Arrivals) async throws(StoreError) {
        let use = try await read { try $0.use(limit: nil) }
        let known = try await arrivals.knownUse()
        if known != use { try await arrivals.finish([], use: use) }
    }

    /// Nil when it does not open.
    private func open(
        _ arrival: WaitingArrival, of arrivals: Arrivals, with key: ArrivalKey
    ) async throws(StoreError) -> OpenedArrival? {
        // Its size was looked at when it was taken in.
        var limits = limits
        limits.messageBytes = .max
        for attempt in 1...2 {
            do {
                let (message, arrived) = try await arrivals.open(arrival, with: key)
                return OpenedArrival(
                    row: arrival.row, key: arrival.deliveryKey, arrived: arrived,
                    message: try PreparedMessage(message, limits: limits))
            } catch StoreError.damaged where attempt == 1 {
                // After a failed sync SQLite may say so of a sound file, until it is opened anew.
            } catch let error as StoreError where error != .damaged {
                throw error
            } catch {
                return nil
            }
        }
        return nil
    }

    private func file(_ opened: [OpenedArrival], of arrivals: Arrivals) async throws(StoreError) -> Int {
        guard !opened.isEmpty else { return 0 }
        let bytes = opened.reduce(0) { $0 + $1.message.layout.size }
        let (count, use) = try await append(messages: opened.count, bytes: bytes) { db in
            var count = 0
            for arrival in opened where try db.delivery(of: arrival.key) == nil {
                let stored = try db.append(
                    arrival.message, to: db.existingMailbox(named: .inbox), flags: MessageFlags(),
                    internalDate: arrival.arrived)
                try db.remember(stored, for: arrival.key)
                count += 1
            }
            return (count, try db.use(limit: nil))
        }
        try await arrivals.finish(opened.map(\.row), use: use)
        return count
    }
}

/// A message that waited, made ready for the account's file.
private struct OpenedArrival: Sendable {
    let row: Int64
    let key: String
    let arrived: InternalDate
    let message: PreparedMessage
}
