// SPDX-License-Identifier: Apache-2.0
import GRDB
import SealedSQLite

/// The highest of everything that an account's file has ever given out. Read from a file that is about to be replaced by
/// an older one, so that the older one gives out nothing again.
package struct IssuedMarks: Sendable, Equatable {
    var modseq: Int64
    var uidValidity: Int64
    /// UIDNEXT by UIDVALIDITY, which is a mailbox's own whatever its name.
    var uidNext: [Int64: Int64]
    /// The highest UIDVALIDITY that each name ever had.
    var validityOfName: [String: Int64]
    /// SQLite's AUTOINCREMENT marks by table.
    var sequences: [String: Int64]
}

extension AccountStore {
    /// Ids between those of a file and those that it gives out once it came back, when nobody knows what was given out
    /// since it was copied; and when the replaced file was read.
    private static let blindGap: Int64 = 1_000_000
    private static let knownGap: Int64 = 1_000
    private static let modseqGap: Int64 = 1 << 32
    /// UIDs have 32 bits. A mailbox whose UIDNEXT would come near that takes a new UIDVALIDITY instead.
    private static let highestUIDNext: Int64 = 4_000_000_000
    private static let numbered = ["mailboxes", "bodies", "calendars", "calendar_objects", "address_books", "cards"]

    package func issuedMarks() async throws(StoreError) -> IssuedMarks {
        try await read { db in
            guard let account = try Row.fetchOne(db, sql: "SELECT modseq, uid_validity FROM account") else {
                throw StoreError.damaged
            }
            var marks = IssuedMarks(
                modseq: account[0], uidValidity: account[1], uidNext: [:], validityOfName: [:], sequences: [:])
            for row in try Row.fetchAll(db, sql: "SELECT name, uid_validity FROM former_names") {
                marks.validityOfName[row[0]] = row[1]
            }
            for row in try Row.fetchAll(db, sql: "SELECT name, uid_validity, uid_next FROM mailboxes") {
                let (name, validity): (String, Int64) = (row[0], row[1])
                marks.validityOfName[name] = max(marks.validityOfName[name] ?? 0, validity)
                marks.uidNext[validity] = row[2]
            }
            for row in try Row.fetchAll(db, sql: "SELECT name, seq FROM sqlite_sequence") {
                marks.sequences[row[0]] = row[1]
            }
            return marks
        }
    }

    /// Makes a file that came out of a backup fit to be used again: nothing that a client may have seen since is given
    /// out once more. UIDNEXT, HIGHESTMODSEQ and row ids go past `marks` (without any: far), UIDs of the time between are
    /// known as gone, every message has a new modseq, a name that had a higher UIDVALIDITY takes a new one. Sessions
    /// that knew the mailbox before find it gone (`changes` throws `.noSuchMailbox`). For calendars and address books,
    /// `CalendarStore.becomeRestored` comes after.
    package func becomeRestored(after marks: IssuedMarks?) async throws(StoreError) {
        let gap = marks == nil ? Self.blindGap : Self.knownGap
        try await write { db in
            let own = try Int64.fetchOne(db, sql: "SELECT modseq FROM account") ?? 1
            let modseq = max(own, marks?.modseq ?? 0) + Self.modseqGap
            try db.execute(
                sql: "UPDATE account SET modseq = ?, uid_validity = max(uid_validity, ?)",
                arguments: [modseq, marks?.uidValidity ?? 0])
            for row in try Row.fetchAll(db, sql: "SELECT id, name, uid_validity, uid_next FROM mailboxes") {
                let (id, name, validity, uidNext): (Int64, String, Int64, Int64) = (row[0], row[1], row[2], row[3])
                var next = max(uidNext, marks?.uidNext[validity] ?? 0) + gap
                if next > Self.highestUIDNext || marks?.validityOfName[name] ?? 0 > validity {
                    try db.execute(
                        sql: "UPDATE mailboxes SET uid_validity = ? WHERE id = ?",
                        arguments: [db.nextUIDValidity(), id])
                    next = uidNext
                } else {
                    try db.execute(
                        sql: "INSERT INTO changes (kind, collection, modseq, first, last) VALUES (?, ?, ?, ?, ?)",
                        arguments: [ChangeKind.messages, id, modseq, uidNext, next - 1])
                }
                try db.execute(
                    sql: "UPDATE mailboxes SET uid_next = ?, modseq = ? WHERE id = ?", arguments: [next, modseq, id])
            }
            try db.execute(sql: "UPDATE messages SET modseq = ?", arguments: [modseq])
            try db.execute(sql: "DELETE FROM saved_columns")
            for (name, validity) in marks?.validityOfName ?? [:] {
                try db.retire(MailboxName(unchecked: name), uidValidity: UInt32(truncatingIfNeeded: validity))
            }
            for table in Self.numbered {
                let own = try Int64.fetchOne(
                    db, sql: "SELECT seq FROM sqlite_sequence WHERE name = ?", arguments: [table])
                let next = max(own ?? 0, marks?.sequences[table] ?? 0) + gap
                try db.execute(sql: "DELETE FROM sqlite_sequence WHERE name = ?", arguments: [table])
                try db.execute(sql: "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", arguments: [table, next])
            }
            try db.execute(
                sql: "INSERT INTO changes (kind, collection, modseq) VALUES (?, 0, ?)",
                arguments: [ChangeKind.restored, modseq])
        }
    }

    /// Takes no message, event or contact in until the content is replaced, or until then (seconds since 1970): whoever
    /// delivers keeps it and tries again, so that nothing comes in between a copy of the file and its replacement.
    package func refuseAdditions(until seconds: Int64) async throws(StoreError) {
        try await write { db in
            for table in Self.guarded {
                try db.execute(
                    sql: """
                        DROP TRIGGER IF EXISTS restoring_\(table);
                        CREATE TRIGGER restoring_\(table) BEFORE INSERT ON \(table)
                        WHEN CAST(strftime('%s', 'now') AS INTEGER) < \(seconds)
                        BEGIN SELECT RAISE(ABORT, 'the account is being restored'); END;
                        """)
            }
        }
    }

    /// Ends `refuseAdditions`.
    package func takeAdditions() async throws(StoreError) {
        try await write { db in
            for table in Self.guarded { try db.execute(sql: "DROP TRIGGER IF EXISTS restoring_\(table)") }
        }
    }

    private static let guarded = ["messages", "calendar_objects", "cards"]

    /// What SQLite finds wrong in the file, at most 20 lines; empty when it is sound.
    package func integrityProblems() async throws(StoreError) -> [String] {
        try await read { try $0.integrityProblems() }
    }

    /// Replaces everything in the file by what another account's file holds, in one transaction: other processes that
    /// have it open see either all of the old or all of the new, and so does whoever opens it after a crash.
    package func replaceContent(withFileAt path: String, key: SealedKey) async throws(StoreError) {
        try await withFile { file in
            let source = try AccountFile.open(path: path, key: key).pool
            try source.backup(to: file.pool)
            try source.close()
        }
    }
}

extension Database {
    /// Whether the account came out of a backup after this state was told.
    func wasRestored(since modseq: Int64) throws -> Bool {
        let statement = try cachedStatement(
            sql: "SELECT EXISTS (SELECT 1 FROM changes WHERE kind = ? AND collection = 0 AND modseq > ?)")
        return try Bool.fetchOne(statement, arguments: [ChangeKind.restored, modseq]) ?? false
    }
}
