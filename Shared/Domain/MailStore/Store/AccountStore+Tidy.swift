// SPDX-License-Identifier: Apache-2.0
import GRDB

extension AccountStore {
    /// One small step of tidying: indexes texts that wait, frees bytes of messages that nobody can be sending any more,
    /// forgets old delivery keys, merges what is remembered of expunged messages, saves the columns of a large mailbox for SELECT, gives pages back to the file system. True when there is
    /// more to do at once. Call it now and then, when idle.
    @discardableResult
    package func tidy() async throws(StoreError) -> Bool {
        let now = SystemClock.seconds()
        let released = now - Int64(limits.bodyGraceSeconds)
        let delivered = now - Int64(limits.deliveryKeyDays) * 86400
        let expunges = limits.expungesRemembered
        let texts = try await indexTexts()
        return try await write { db in
            let bodies = try db.freeBodies(releasedBy: released)
            let forgotten = try db.forgetDeliveries(before: delivered)
            let merged = try db.mergeExpunged(keeping: expunges)
            let saved = try db.saveColumns()
            let free = try db.giveBackPages()
            return texts || bodies || forgotten || merged || saved || free
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

    /// Of one mailbox with more changes that removed messages than `limit`: the older half as what went in all of them, as of the
    /// latest. So there are at most as many rows of those as messages and one. A client that asks for what went since one of
    /// these is told more than it needs, which it ignores (RFC 7162 section 3.2.6). True when one was found: there may be more.
    fileprivate func mergeExpunged(keeping limit: Int) throws -> Bool {
        let crowded = try Row.fetchOne(
            self,
            sql: """
                SELECT collection, count(DISTINCT modseq) FROM changes WHERE kind = ?
                GROUP BY collection HAVING count(DISTINCT modseq) > ? LIMIT 1
                """, arguments: [ChangeKind.messages, limit])
        guard let crowded else { return false }
        let (mailbox, changes): (Int64, Int) = (crowded[0], crowded[1])
        let cut = try Int64.fetchOne(
            self,
            sql: """
                SELECT DISTINCT modseq FROM changes WHERE kind = ? AND collection = ? ORDER BY modseq LIMIT 1 OFFSET ?
                """, arguments: [ChangeKind.messages, mailbox, changes - limit / 2 - 1])
        guard let cut else { return false }
        let ranges = try Row.fetchAll(
            self, sql: "SELECT first, last FROM changes WHERE kind = ? AND collection = ? AND modseq <= ?",
            arguments: [ChangeKind.messages, mailbox, cut]
        ).map { ($0[0] as UInt32)...($0[1] as UInt32) }
        try execute(
            sql: "DELETE FROM changes WHERE kind = ? AND collection = ? AND modseq <= ?",
            arguments: [ChangeKind.messages, mailbox, cut])
        try remember(UIDSet(ranges: ranges), gone: mailbox, modseq: cut)
        return true
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
