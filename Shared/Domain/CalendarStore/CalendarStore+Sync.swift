// SPDX-License-Identifier: Apache-2.0
import GRDB
import MailStore

/// What changed in a collection after a state.
package struct CollectionChanges: Sendable, Equatable {
    /// New or written since.
    package var changed: [ObjectMetadata]
    /// Names of objects that went.
    package var gone: [String]
    /// Ask again from here: the present state, or where `limit` cut.
    package var token: SyncToken
    package var isTruncated: Bool
}

extension CalendarStore {
    /// `since` nil: everything that is there. At most `limit` changes, the oldest first.
    ///
    /// Errors: `.noSuchCollection`; `.invalidSyncToken`, after which the client starts anew. It is never answered as
    /// if everything had gone.
    package func changes(
        _ kind: CollectionKind, _ collection: String, since: SyncToken?, limit: Int
    ) async throws(CollectionError) -> CollectionChanges {
        try await read { db in
            let parent = try db.collection(kind, collection)
            let start = Int64(since?.modseq ?? 0)
            if let since {
                let horizon = try db.horizon(kind, parent.id)
                guard since.collection == parent.id, since.modseq <= parent.modseq, start >= horizon else {
                    throw CollectionError.invalidSyncToken
                }
            }
            let limit = max(1, limit)
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT \(kind.objectColumns) FROM \(kind.objects) WHERE \(kind.parent) = ?1 AND modseq > ?2
                    UNION ALL
                    SELECT name, '', '', '', -1, modseq FROM changes
                    WHERE kind = ?3 AND collection = ?1 AND modseq > ?2 AND gone = 1 AND name IS NOT NULL AND ?4
                    ORDER BY 6 LIMIT ?5
                    """, arguments: [parent.id, start, kind.change, since != nil, limit + 1])
            let isTruncated = rows.count > limit
            let told = rows.prefix(limit)
            let end = isTruncated ? UInt64(told.last?[5] as Int64? ?? start) : parent.modseq
            return CollectionChanges(
                changed: told.filter { $0[4] as Int64 >= 0 }.map(ObjectMetadata.init),
                gone: told.filter { ($0[4] as Int64) < 0 }.map { $0[0] },
                token: SyncToken(collection: parent.id, modseq: end), isTruncated: isTruncated)
        }
    }
}

extension Database {
    /// Notes that an object went; forgets the oldest beyond `limit`. Forgotten ones leave one row without a name: tokens
    /// from before it cannot be computed any more.
    func rememberRemoval(
        _ kind: CollectionKind, _ collection: Int64, _ name: String, modseq: Int64, keeping limit: Int
    ) throws {
        try execute(
            sql: "INSERT INTO changes (kind, collection, modseq, name) VALUES (?, ?, ?, ?)",
            arguments: [kind.change, collection, modseq, name])
        let count = "SELECT count(*) FROM changes WHERE kind = ? AND collection = ? AND name IS NOT NULL"
        guard try Int.fetchOne(self, sql: count, arguments: [kind.change, collection]) ?? 0 > limit else { return }
        // A tenth at once, so that this is rare.
        let cut =
            try Int64.fetchOne(
                self,
                sql: """
                    SELECT modseq FROM changes WHERE kind = ? AND collection = ? AND name IS NOT NULL
                    ORDER BY modseq LIMIT 1 OFFSET ?
                    """, arguments: [kind.change, collection, limit / 10]) ?? modseq
        try execute(
            sql: "DELETE FROM changes WHERE kind = ? AND collection = ? AND modseq <= ?",
            arguments: [kind.change, collection, cut])
        try execute(
            sql: "INSERT INTO changes (kind, collection, modseq) VALUES (?, ?, ?)",
            arguments: [kind.change, collection, cut])
    }

    /// An object with that name is there again.
    func forgetRemoval(_ kind: CollectionKind, _ collection: Int64, _ name: String) throws {
        try execute(
            sql: "DELETE FROM changes WHERE kind = ? AND collection = ? AND name = ?",
            arguments: [kind.change, collection, name])
    }

    /// The oldest state from which changes can be told.
    fileprivate func horizon(_ kind: CollectionKind, _ collection: Int64) throws -> Int64 {
        try Int64.fetchOne(
            self, sql: "SELECT max(modseq) FROM changes WHERE kind = ? AND collection = ? AND name IS NULL",
            arguments: [kind.change, collection]) ?? 0
    }
}
