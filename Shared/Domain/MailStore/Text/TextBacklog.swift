// SPDX-License-Identifier: Apache-2.0
import GRDB
import MailFormat

/// The messages whose text is not in the search index yet. A delivery only names its body in `unindexed`: reading, folding
/// and indexing a text takes ten times what storing it does. A search reads those messages themselves meanwhile.
///
/// Each step takes the oldest, so that several processes at work on one file get in each other's way at most, and what one
/// of them leaves behind the next takes up. decisions/0053 has the reasons and figures.
struct TextBacklog: Sendable {
    /// Messages of one step, and bytes of them: what holds the writer is their share of the index, some 30 ms.
    private static let step = 64
    private static let stepBytes = 8 * 1024 * 1024
    /// Stored messages, and bytes of them, after which the backlog is measured again.
    private static let countedAfter = 64
    private static let countedAfterBytes = 8 * 1024 * 1024

    let pool: DatabasePool
    let limits: StoreLimits

    /// Indexes the oldest. True when there may be more.
    func indexSome() async throws -> Bool {
        let bodies = try await pool.read { try $0.unindexed(limit: Self.step) }
        var texts: [(body: Int64, text: MessageText)] = []
        var bytes = 0
        for (body, size) in bodies where bytes < Self.stepBytes {
            bytes += size
            texts.append((body, try await text(of: body)))
        }
        guard !texts.isEmpty else { return false }
        let done = texts
        try await pool.write { db in
            try db.rereadIndex()
            for (body, text) in done { try db.index(text, of: body) }
        }
        return done.count < bodies.count || bodies.count == Self.step
    }

    /// Indexes until the backlog is within its bound, when so much was stored since `stored` was 0.
    func keepBound(_ stored: inout (count: Int, bytes: Int)) async throws {
        guard stored.count >= Self.countedAfter || stored.bytes >= Self.countedAfterBytes else { return }
        stored = (0, 0)
        let limits = limits
        while try await pool.read({ try $0.isBehind(limits) }), try await indexSome() {}
    }

    /// In short reads, a window at a time. Empty, and so looked up in the message for ever, when it cannot be read.
    private func text(of body: Int64) async throws -> MessageText {
        let (pool, id) = (pool, BodyID(rawValue: body))
        do {
            let searched = try await pool.read { try SearchedBody($0, id) }
            return try await MessageText(of: searched, limit: limits.indexedTextBytes) { range in
                try await pool.read { try $0.bytes(of: id, range) }
            }
        } catch  where StoreError(error) == .damaged || StoreError(error) == .noSuchBody {
            return MessageText(isComplete: false)
        }
    }
}

extension Schema {
    static let backlog = """
        -- Bodies that have no row in `texts` yet.
        CREATE TABLE unindexed (
            body INTEGER PRIMARY KEY,
            size INTEGER NOT NULL
        );
        """
}

extension Database {
    fileprivate func unindexed(limit: Int) throws -> [(body: Int64, size: Int)] {
        let statement = try cachedStatement(sql: "SELECT body, size FROM unindexed ORDER BY body LIMIT ?")
        return try Row.fetchAll(statement, arguments: [limit]).map { ($0[0], $0[1]) }
    }

    fileprivate func isBehind(_ limits: StoreLimits) throws -> Bool {
        let statement = try cachedStatement(sql: "SELECT count(*), coalesce(sum(size), 0) FROM unindexed")
        guard let row = try Row.fetchOne(statement) else { return false }
        return row[0] as Int > limits.unindexedMessages || row[1] as Int > limits.unindexedBytes
    }

    /// What FTS5 has in memory of the index is read anew; before a transaction changes it. A read error within one leaves
    /// totals of zero behind (SQLite 3.40 rolls back first, and then takes what it could not read as read), and the next
    /// would write them.
    func rereadIndex() throws {
        try execute(
            sql: "SAVEPOINT reread; DELETE FROM text_index WHERE rowid = -1; ROLLBACK TO reread; RELEASE reread")
    }

    /// Keeps and indexes the text, unless somebody else did or the body is gone.
    func index(_ text: MessageText, of body: Int64) throws {
        try cachedStatement(sql: "DELETE FROM unindexed WHERE body = ?").execute(arguments: [body])
        guard changesCount == 1 else { return }
        try cachedStatement(sql: "INSERT INTO texts (body, header, content, complete) VALUES (?, ?, ?, ?)")
            .execute(arguments: [
                body, String(decoding: text.header, as: UTF8.self), String(decoding: text.content, as: UTF8.self),
                text.isComplete,
            ])
    }
}
