// SPDX-License-Identifier: Apache-2.0
import GRDB

extension OutgoingQueue {
    /// For a spool that came out of a backup: holds everything, since what was delivered in the meantime would go twice,
    /// and ends the leases of workers that are no more. Returns how many wait for `retry` or `remove`.
    package func holdRestored() async throws -> Int {
        try await database.write { db in
            try db.execute(sql: "UPDATE deliveries SET held = 1, owner = NULL, lease_until = 0")
            return db.changesCount
        }
    }
}
