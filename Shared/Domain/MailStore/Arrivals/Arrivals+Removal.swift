// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import GRDB

extension Arrivals {
    /// Removes the file when nothing is in it. From then on whoever is about to deliver finds that it lost its name, and asks
    /// again where the account's mail goes. Returns how many messages are in it; 0: it is removed.
    func removeIfEmpty() async throws(StoreError) -> Int {
        let left = try await seizing { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM arrivals") ?? 0 }
        if left == 0 { try await directory.removeArrivals(place) }
        return left
    }

    /// Removes the file with all that waits in it. `body` says meanwhile where mail is to go from now on: nobody stores
    /// anything here after it.
    func remove(after body: @escaping @Sendable () throws -> Void) async throws(StoreError) {
        _ = try await seizing { _ in
            try body()
            return 0
        }
        try await directory.removeArrivals(place)
    }

    /// Takes the file its name, as the one who may write to it, when `body` gives 0.
    private func seizing(_ body: @escaping @Sendable (Database) throws -> Int) async throws(StoreError) -> Int {
        let path = directory.arrivalsPath(place.file)
        return try await write { db in
            let left = try body(db)
            guard left == 0 else { return left }
            guard unlink(path) == 0 || errno == ENOENT else {
                throw StoreError.unavailable("removing: \(String(cString: strerror(errno)))")
            }
            return 0
        }
    }
}
