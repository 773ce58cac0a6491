// SPDX-License-Identifier: Apache-2.0
import GRDB
import Synchronization

/// A file that a service keeps open for as long as it lives: one writer, a few readers, and a way back from a disk that failed.
///
/// When a sync fails, SQLite takes what the disk lost of the log for damage, and goes on so for as long as its connection lives,
/// while the file is sound. So whoever meets "damaged" gets that error, and the next access has connections of its own.
package final class SealedPool: Sendable {
    package let path: String
    private let open: @Sendable () throws -> DatabasePool
    private let state: Mutex<State>

    private struct State {
        var pool: DatabasePool
        var isSuspect = false
        /// Nothing is renewed any more.
        var isClosed = false
    }

    /// Opens an existing file. Parameters and errors are those of `SealedDatabase.openPool`.
    package init(path: String, key: SealedKey, migrations: [Migration]) throws {
        let open = { @Sendable in try SealedDatabase.openPool(path: path, key: key, migrations: migrations) }
        (self.path, self.open) = (path, open)
        state = Mutex(State(pool: try open()))
    }

    package func read<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try noting { try pool().read(body) }
    }

    /// One transaction, on disk when it returns.
    package func write<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try noting { try pool().write(body) }
    }

    package func read<Result: Sendable>(_ body: @escaping @Sendable (Database) throws -> Result) async throws -> Result {
        do { return try await pool().read(body) } catch { throw noted(error) }
    }

    package func write<Result: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Result
    ) async throws -> Result {
        do { return try await pool().write(body) } catch { throw noted(error) }
    }

    /// As `SealedDatabase.close`.
    package func close() throws {
        let pool = state.withLock { state in
            state.isClosed = true
            return state.pool
        }
        try SealedDatabase.close(pool)
    }

    private func pool() throws -> DatabasePool {
        try state.withLock { state in
            if state.isSuspect, !state.isClosed {
                // The one before is closed when its last user is done.
                state.pool = try open()
                state.isSuspect = false
            }
            return state.pool
        }
    }

    private func noting<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch { throw noted(error) }
    }

    private func noted(_ error: any Error) -> any Error {
        if let error = error as? DatabaseError, [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode) {
            state.withLock { $0.isSuspect = true }
        }
        return error
    }
}
