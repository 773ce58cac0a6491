// SPDX-License-Identifier: Apache-2.0
import GRDB

/// One numbered step of a file's schema. Steps only ever get more; each runs once, in a transaction of its own.
package struct Migration: Sendable {
    package let number: Int
    package let name: String
    /// The oldest schema number that a program must know to work on the file after this step. `nil`: as before, so that
    /// services of the release before go on beside us during an upgrade.
    package let oldestReader: Int?
    package let body: @Sendable (Database) throws -> Void

    package init(
        number: Int, name: String, oldestReader: Int? = nil, body: @escaping @Sendable (Database) throws -> Void
    ) {
        self.number = number
        self.name = name
        self.oldestReader = oldestReader
        self.body = body
    }
}

/// What a file says about itself, in its table `schema_version`.
package struct SchemaVersion: Sendable, Equatable {
    /// Number of the last step that ran; 0 for a file without any.
    package var number: Int
    /// A program that knows only older steps than this must refuse the file.
    package var oldestReader: Int

    package static func read(_ db: Database) throws -> SchemaVersion {
        guard try db.tableExists("schema_version"),
            let row = try Row.fetchOne(db, sql: "SELECT number, oldest_reader FROM schema_version")
        else { return SchemaVersion(number: 0, oldestReader: 0) }
        return SchemaVersion(number: row["number"], oldestReader: row["oldest_reader"])
    }
}

extension SealedDatabase {
    /// Runs the steps that the file lacks; safe when several processes start at once.
    static func migrate(_ writer: some DatabaseWriter, path: String, migrations: [Migration]) throws {
        guard zip(migrations, migrations.dropFirst()).allSatisfy({ $0.number < $1.number }) else {
            throw SealedError.misuse("the migrations of \(path) are not in order")
        }
        let ours = migrations.last?.number ?? 0
        func check(_ version: SchemaVersion) throws {
            guard version.oldestReader <= ours else {
                throw SealedError.tooNew(file: path, oldestReader: version.oldestReader, ours: ours)
            }
        }
        let found = try version(writer, migrations)
        try check(found)
        for migration in migrations where migration.number > found.number {
            try writer.writeWithoutTransaction { db in
                try db.inTransaction(.immediate) {
                    // Another process may have been faster, and of a later release.
                    let version = try SchemaVersion.read(db)
                    try check(version)
                    guard version.number < migration.number else { return .commit }
                    try db.execute(
                        sql: """
                            CREATE TABLE IF NOT EXISTS schema_version (
                                id INTEGER PRIMARY KEY CHECK (id = 1), number INTEGER NOT NULL,
                                oldest_reader INTEGER NOT NULL)
                            """)
                    try migration.body(db)
                    try db.execute(
                        sql: "INSERT OR REPLACE INTO schema_version (id, number, oldest_reader) VALUES (1, ?, ?)",
                        arguments: [migration.number, migration.oldestReader ?? max(version.oldestReader, 1)])
                    return .commit
                }
            }
        }
    }

    /// One damaged page does not close a file: where that with the version is lost, a schema tells it that is what our steps
    /// make, and was not before the last of them.
    private static func version(_ writer: some DatabaseWriter, _ migrations: [Migration]) throws -> SchemaVersion {
        do { return try writer.unsafeRead { try SchemaVersion.read($0) } } catch let error as DatabaseError
            where error.resultCode == .SQLITE_CORRUPT
        {
            let ours = try DatabaseQueue()
            var (before, made): ([String], [String]) = ([], [])
            for migration in migrations {
                before = made
                made = try ours.write { db in
                    try migration.body(db)
                    return try schema(db)
                }
            }
            guard let last = migrations.last, made != before, try writer.unsafeRead({ try schema($0) }) == made else {
                throw error
            }
            return SchemaVersion(number: last.number, oldestReader: last.number)
        }
    }

    private static func schema(_ db: Database) throws -> [String] {
        try String.fetchAll(
            db,
            sql: """
                SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema
                WHERE name <> 'schema_version' AND name NOT LIKE 'restoring\\_%' ESCAPE '\\' ORDER BY 1
                """)
    }
}
