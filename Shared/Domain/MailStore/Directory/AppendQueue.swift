// SPDX-License-Identifier: Apache-2.0
import GRDB
import Synchronization

/// Appends to one file that wait for the writer share its next transaction, and so its sync (group commit).
///
/// One that fails for its own fault (no such mailbox, …) is rolled back alone. Nobody is answered before the commit.
actor AppendQueue {
    fileprivate typealias Work = @Sendable (Database) throws -> Void
    private typealias Answer = CheckedContinuation<Result<Void, StoreError>, Never>

    private struct Pending {
        var work: Work
        var messages: Int
        var bytes: Int
        var answer: Answer
    }

    private static let batchCount = 64
    private static let batchBytes = 16 * 1024 * 1024

    private let pool: DatabasePool
    /// Of a file that has one.
    private let backlog: TextBacklog?
    /// Since the backlog was measured.
    private var stored = (count: 0, bytes: 0)
    private var pending: [Pending] = []
    private var isRunning = false

    init(pool: DatabasePool, backlog: TextBacklog?) { (self.pool, self.backlog) = (pool, backlog) }

    /// What `work` returned, once it is on disk.
    func run<T: Sendable>(
        messages: Int = 1, bytes: Int, _ work: @escaping @Sendable (Database) throws -> T
    ) async throws(StoreError) -> T {
        let outcome = Mutex<T?>(nil)
        let result = await withCheckedContinuation { (answer: Answer) in
            let keeping: Work = { db in
                let value = try work(db)
                outcome.withLock { $0 = value }
            }
            pending.append(Pending(work: keeping, messages: messages, bytes: bytes, answer: answer))
            if !isRunning {
                isRunning = true
                // Ends with the last of the appends that wait on it, whose callers hold the file.
                Task { await self.drain() }
            }
        }
        try result.get()
        guard let value = outcome.withLock({ $0 }) else { throw .cancelled }
        return value
    }

    private func drain() async {
        var answered = 0
        while !pending.isEmpty {
            var bytes = 0
            // Who was just answered comes back: one half makes its messages ready while the other's are synced.
            let half = (pending.count + answered + 1) / 2
            let count = max(
                1,
                pending.prefix(min(half, Self.batchCount)).prefix { next in
                    bytes += next.bytes
                    return bytes <= Self.batchBytes
                }.count)
            let batch = Array(pending.prefix(count))
            pending.removeFirst(count)
            await keepBacklog(within: batch)
            let results = await Self.commit(batch.map(\.work), to: pool)
            for (request, result) in zip(batch, results) { request.answer.resume(returning: result) }
            answered = count
        }
        isRunning = false
    }

    /// Who stores faster than anybody indexes waits for the index. An index that fails stops no delivery.
    private func keepBacklog(within batch: [Pending]) async {
        var counted = stored
        for request in batch { counted = (counted.count + request.messages, counted.bytes + request.bytes) }
        try? await backlog?.keepBound(&counted)
        stored = counted
    }

    private static func commit(_ batch: [Work], to pool: DatabasePool) async -> [Result<Void, StoreError>] {
        do {
            return try await pool.write { db in
                try batch.map { work in try db.attempt(work) }
            }
        } catch {
            let failure = StoreError(error)
            return batch.map { _ in .failure(failure) }
        }
    }
}

extension Database {
    /// Undoes what fails for its own fault, and that alone. Savepoints of our own, since GRDB compiles its anew each time.
    fileprivate func attempt(_ work: AppendQueue.Work) throws -> Result<Void, StoreError> {
        try cachedStatement(sql: "SAVEPOINT append").execute()
        do {
            try work(self)
            try cachedStatement(sql: "RELEASE append").execute()
            return .success(())
        } catch let error as StoreError where !error.isTemporary {
            try cachedStatement(sql: "ROLLBACK TO append").execute()
            try cachedStatement(sql: "RELEASE append").execute()
            return .failure(error)
        }
    }
}
