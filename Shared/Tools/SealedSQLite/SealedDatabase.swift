// SPDX-License-Identifier: Apache-2.0
import CSealedSQLite
import Foundation
import GRDB

/// Makes and opens encrypted SQLite files: GRDB on top, the VFS of CSealedSQLite below.
///
/// Every connection is WAL with `synchronous=FULL`, keeps temporary data in memory, waits up to 10 s for a lock and
/// caches at most `cacheKiB`. Any number of processes of one machine may have a file open at once.
package enum SealedDatabase {
    /// Page cache of one connection, in KiB.
    package static let cacheKiB = 512
    /// Readers of one pool, beside its writer.
    package static let readers = 2
    /// How long a connection waits for a lock, in seconds.
    package static let lockTimeout = 10.0
    /// What a checkpointed WAL is cut to, in bytes.
    static let walBytes = 4 << 20

    /// Registers the VFS once in the process; must come before anything else uses SQLite.
    package static func register() throws {
        guard registered == SQLITE_OK_CODE else {
            throw SealedError.misuse("the encrypting VFS could not be registered (SQLite says \(registered))")
        }
    }

    private static let SQLITE_OK_CODE: Int32 = 0
    private static let registered = sealed_sqlite_register()

    /// Makes a new file: under another name, migrated, on disk, then renamed into place, so that no one ever opens half
    /// a file and of two who make the same file one fails with `.fileExists`. Mode 0660 whatever the umask: services
    /// with uids of their own share a gid.
    package static func create(path: String, key: SealedKey, migrations: [Migration]) throws {
        try NewFile.make(path) { temporary in
            // auto_vacuum is INCREMENTAL from the first page on: the VFS sees to that.
            let queue = try openForLog(temporary, key: key)
            try migrate(queue, path: path, migrations: migrations)
            try queue.close()
        }
    }

    /// Copies a file that may be in use, as one moment's state without free pages, into a new file with a key of its
    /// own (VACUUM INTO), in WAL mode as every other. The source must have pages of 4,096 bytes, as all of ours have.
    /// Throws as `create` and `openPool`.
    package static func copy(_ source: String, key: SealedKey, to path: String, key newKey: SealedKey) throws {
        try checkBeforeOpening(source)
        try NewFile.make(path) { temporary in
            let target = try Registration(path: temporary, key: newKey, vacuumTarget: true)
            try withExtendedLifetime(target) {
                let queue = try DatabaseQueue(path: source, configuration: configuration(path: source, key: key))
                try queue.writeWithoutTransaction { try $0.execute(sql: "VACUUM INTO ?", arguments: [temporary]) }
                try queue.close()
            }
            // VACUUM INTO leaves a rollback journal's file, of which nobody could take a snapshot.
            try openForLog(temporary, key: newKey).close()
        }
    }

    /// A file that is being made, in WAL mode from now on.
    private static func openForLog(_ path: String, key: SealedKey) throws -> DatabaseQueue {
        var configuration = try configuration(path: path, key: key)
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA journal_mode = WAL") }
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Opens an existing file for one writer and `readers` readers at a time; runs the migrations that it lacks.
    ///
    /// Throws `SealedError`, or `DatabaseError` with SQLITE_NOTADB for a wrong key and SQLITE_CORRUPT for a damaged
    /// page.
    package static func openPool(
        path: String, key: SealedKey, migrations: [Migration], readers: Int = readers
    ) throws -> DatabasePool {
        try checkBeforeOpening(path)
        var configuration = try configuration(path: path, key: key)
        configuration.maximumReaderCount = readers
        configuration.prepareDatabase { if !$0.configuration.readonly { try beginLog(of: path, $0) } }
        let pool = try DatabasePool(path: path, configuration: configuration)
        // GRDB sets NORMAL for WAL, which may lose what was acknowledged.
        try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        try migrate(pool, path: path, migrations: migrations)
        return pool
    }

    /// A pool needs a log that is not empty. GRDB would make and drop a table for that, in whose place a page of another must
    /// make room: were that damaged, or one that leads to it, nothing in the file could be read. This writes page 1 alone, as it is.
    private static func beginLog(of path: String, _ db: Database) throws {
        var status = stat()
        guard stat(path + "-wal", &status) != 0 || status.st_size == 0 else { return }
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        try db.execute(sql: "PRAGMA user_version = \(version)")
    }

    /// As `openPool`, with a single connection.
    package static func openQueue(path: String, key: SealedKey, migrations: [Migration]) throws -> DatabaseQueue {
        let queue = try openUnmigrated(path: path, key: key)
        try migrate(queue, path: path, migrations: migrations)
        return queue
    }

    /// The writer last: only then is the log worked in and removed, when nobody else has the file open, and the file is whole by
    /// itself. Left alone, a pool closes its readers last, which may not write.
    package static func close(_ pool: DatabasePool) throws {
        pool.invalidateReadOnlyConnections()
        try pool.close()
    }

    /// As it is, whatever its schema: for what must not change a damaged file.
    /// `allowsOpenTransactions`: one may outlive the access that began it.
    static func openUnmigrated(
        path: String, key: SealedKey, allowsOpenTransactions: Bool = false
    ) throws -> DatabaseQueue {
        try checkBeforeOpening(path)
        var configuration = try configuration(path: path, key: key)
        configuration.allowsUnsafeTransactions = allowsOpenTransactions
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    private static func checkBeforeOpening(_ path: String) throws {
        try register()
        guard access(path, F_OK) == 0 else { throw SealedError.noSuchFile(path) }
        try refuseNetworkFileSystem(path)
    }

    private static func configuration(path: String, key: SealedKey) throws -> Configuration {
        let registration = try Registration(path: path, key: key)
        var configuration = Configuration()
        configuration.busyMode = .timeout(lockTimeout)
        configuration.prepareDatabase { db in
            // The closure lives as long as the pool does, and the key's registration with it.
            withExtendedLifetime(registration) {}
            try db.execute(
                sql: """
                    PRAGMA temp_store = MEMORY;
                    PRAGMA cache_size = -\(cacheKiB);
                    PRAGMA synchronous = FULL;
                    PRAGMA journal_size_limit = \(walBytes);
                    """)
        }
        return configuration
    }

    /// The key of a file in the VFS's registry, for as long as the object lives.
    private final class Registration: Sendable {
        let path: String

        init(path: String, key: SealedKey, vacuumTarget: Bool = false) throws {
            self.path = path
            let code = key.withUnsafeBytes { bytes in
                sealed_sqlite_add_key(path, bytes.bindMemory(to: UInt8.self).baseAddress!, vacuumTarget ? 1 : 0)
            }
            guard code == 0 else { throw SealedError.misuse("\(path) is open with another key (SQLite says \(code))") }
        }

        deinit { sealed_sqlite_forget_key(path) }
    }
}
