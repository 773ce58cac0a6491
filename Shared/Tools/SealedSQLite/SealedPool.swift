// SPDX-License-Identifier: Apache-2.0
import GRDB
import Synchronization

/// A file that a service keeps open for as long as it lives: one writer, a few readers, and a way back from a disk that failed.
///
/// When a sync fails, the disk may lose a part of the log that SQLite takes for there (GRDB begins a log without a sync), and SQLite
/// calls a sound file damaged for as long as somebody has it open. So a file that is called damaged is closed and opened anew as soon
/// as nobody here uses it, and what was to be read is read once more; whoever writes gets the error.
package final class SealedPool: Sendable {
    package let path: String
    private let open: @Sendable () throws -> DatabasePool
    private let state: Mutex<State>

    private struct State {
        var pool: DatabasePool
        /// Accesses under way.
        var users = 0
        var isSuspect = false
        /// Nothing is opened any more.
        var isClosed = false
    }

    /// Opens an existing file. Parameters and errors are those of `SealedDatabase.openPool`.
    package init(path: String, key: SealedKey, migrations: [Migration]) throws {
        let open = { @Sendable in try SealedDatabase.openPool(path: path, key: key, migrations: migrations) }
        (self.path, self.open) = (path, open)
        state = Mutex(State(pool: try open()))
    }

    package func read<Result>(_ body: (Database) throws -> Result) throws -> Result {
        do { return try accessNow { try $0.read(body) } } catch  where Self.isDamage(error) {
            return try accessNow { try $0.read(body) }
        }
    }

    /// One transaction, on disk when it returns.
    package func write<Result>(_ body: (Database) throws -> Result) throws -> Result {
        try accessNow { try $0.write(body) }
    }

    package func read<Result: Sendable>(_ body: @escaping @Sendable (Database) throws -> Result) async throws -> Result
    {
        do { return try await access { try await $0.read(body) } } catch  where Self.isDamage(error) {
            return try await access { try await $0.read(body) }
        }
    }

    package func write<Result: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Result
    ) async throws -> Result {
        try await access { try await $0.write(body) }
    }

    /// As `SealedDatabase.close`; every access fails from then on.
    package func close() throws {
        let pool = state.withLock { state in
            state.isClosed = true
            return state.pool
        }
        try SealedDatabase.close(pool)
    }

    private func accessNow<Result>(_ body: (DatabasePool) throws -> Result) throws -> Result {
        let result: Swift.Result<Result, any Error>
        let pool = try enter()
        do { result = .success(try body(pool)) } catch { result = .failure(error) }
        return try leave(with: result)
    }

    private func access<Result: Sendable>(_ body: (DatabasePool) async throws -> Result) async throws -> Result {
        let result: Swift.Result<Result, any Error>
        let pool = try enter()
        do { result = .success(try await body(pool)) } catch { result = .failure(error) }
        return try leave(with: result)
    }

    private func enter() throws -> DatabasePool {
        try state.withLock { state in
            if state.isSuspect, state.users == 0, !state.isClosed {
                try SealedDatabase.close(state.pool)
                state.pool = try open()
                state.isSuspect = false
            }
            state.users += 1
            return state.pool
        }
    }

    private func leave<Result>(with result: Swift.Result<Result, any Error>) throws -> Result {
        state.withLock { state in
            state.users -= 1
            if case .failure(let error) = result, Self.isDamage(error) { state.isSuspect = true }
        }
        return try result.get()
    }

    private static func isDamage(_ error: any Error) -> Bool {
        guard let error = error as? DatabaseError else { return false }
        return [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode)
    }
}
