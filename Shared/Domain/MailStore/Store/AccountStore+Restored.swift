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
    /// that knew the mailbox before find it gone (`changes` throws `.noSuchMailbox`), and no sync token of calendars and
    /// address books from before can be computed any more.
    package func becomeRestored(after marks: IssuedMarks?) async throws(StoreError) {
        try await write { try $0.becomeRestored(after: marks) }
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
