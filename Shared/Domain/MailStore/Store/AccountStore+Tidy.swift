// SPDX-License-Identifier: Apache-2.0
import GRDB

extension AccountStore {
    /// One small step of tidying: indexes texts that wait, frees bytes of messages that nobody can be sending any more,
    /// forgets old delivery keys, saves the columns of a large mailbox for SELECT, gives pages back to the file system. True when there is
    /// more to do at once. Call it now and then, when idle.
    @discardableResult
    package func tidy() async throws(StoreError) -> Bool {
        let now = SystemClock.seconds()
        let released = now - Int64(limits.bodyGraceSeconds)
        let delivered = now - Int64(limits.deliveryKeyDays) * 86400
        let texts = try await indexTexts()
        return try await write { db in
            let bodies = try db.freeBodies(releasedBy: released)
            let forgotten = try db.forgetDeliveries(before: delivered)
            let saved = try db.saveColumns()
            let free = try db.giveBackPages()
            return texts || bodies || forgotten || saved || free
        }
    }
}

extension Database {
    /// Up to 500 delivery keys; not those of filed arrivals, whose sealed rows may still be there. True when there may be
    /// more.
    func forgetDeliveries(before time: Int64) throws -> Bool {
        try execute(
            sql: """
                DELETE FROM delivery_keys WHERE key IN (
                    SELECT key FROM delivery_keys WHERE at < ? AND key NOT LIKE '\(ArrivalsFile.filedKey)%' LIMIT 500)
                """, arguments: [time])
        return changesCount == 500
    }

    /// Up to 256 free pages, to the file system. True when there are more.
    func giveBackPages() throws -> Bool {
        _ = try Row.fetchAll(self, sql: "PRAGMA incremental_vacuum(256)")
        return try Int.fetchOne(self, sql: "PRAGMA freelist_count") ?? 0 > 0
    }

    /// Deletes up to 64 bodies or 16 MiB. True when there may be more.
    fileprivate func freeBodies(releasedBy limit: Int64) throws -> Bool {
        try rereadIndex()
        let rows = try Row.fetchAll(
            self, sql: "SELECT id, size FROM bodies WHERE links = 0 AND released <= ? ORDER BY released LIMIT 64",
            arguments: [limit])
        var bytes = 0
        for row in rows {
            let body: Int64 = row[0]
            let keys = ChunkLayout.keys(body)
            try execute(
                sql: "DELETE FROM chunks WHERE id BETWEEN ? AND ?", arguments: [keys.lowerBound, keys.upperBound])
            try execute(sql: "DELETE FROM texts WHERE body = ?", arguments: [body])
            try execute(sql: "DELETE FROM unindexed WHERE body = ?", arguments: [body])
            try execute(sql: "DELETE FROM bodies WHERE id = ?", arguments: [body])
            bytes += row[1]
            if bytes >= 16 * 1024 * 1024 { return true }
        }
        return rows.count == 64
    }
}
