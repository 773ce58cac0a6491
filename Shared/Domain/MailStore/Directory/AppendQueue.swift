// SPDX-License-Identifier: Apache-2.0
import GRDB

/// Appends to one account that wait for the writer share its next transaction, and so its sync (group commit).
///
/// One that fails for its own fault (no such mailbox, …) is rolled back alone. Nobody is answered before the commit.
actor AppendQueue {
    typealias Work = @Sendable (Database) throws -> Appended

    private typealias Answer = CheckedContinuation<Result<Appended, StoreError>, Never>

    private struct Pending {
        var work: Work
        var bytes: Int
        var answer: Answer
    }

    private static let batchCount = 64
    private static let batchBytes = 16 * 1024 * 1024

    private let pool: DatabasePool
    private let backlog: TextBacklog
    /// Since the backlog was measured.
    private var stored = (count: 0, bytes: 0)
    private var pending: [Pending] = []
    private var isRunning = false

    init(pool: DatabasePool, backlog: TextBacklog) { (self.pool, self.backlog) = (pool, backlog) }

    func run(bytes: Int, _ work: @escaping Work) async throws(StoreError) -> Appended {
        let result = await withCheckedContinuation { (answer: Answer) in
            pending.append(Pending(work: work, bytes: bytes, answer: answer))
            if !isRunning {
                isRunning = true
                // Ends with the last of the appends that wait on it, whose callers hold the file.
                Task { await self.drain() }
            }
        }
        return try result.get()
    }

    private func drain() async {
        while !pending.isEmpty {
            var bytes = 0
            let count = max(
                1,
                pending.prefix(Self.batchCount).prefix { next in
                    bytes += next.bytes
                    return bytes <= Self.batchBytes
                }.count)
            let batch = Array(pending.prefix(count))
            pending.removeFirst(count)
            await keepBacklog(within: batch)
            let results = await Self.commit(batch.map(\.work), to: pool)
            for (request, result) in zip(batch, results) { request.answer.resume(returning: result) }
        }
        isRunning = false
    }

    /// Who stores faster than anybody indexes waits for the index. An index that fails stops no delivery.
    private func keepBacklog(within batch: [Pending]) async {
        var counted = stored
        for request in batch { counted = (counted.count + 1, counted.bytes + request.bytes) }
        try? await backlog.keepBound(&counted)
        stored = counted
    }

    private static func commit(_ batch: [Work], to pool: DatabasePool) async -> [Result<Appended, StoreError>] {
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
    fileprivate func attempt(_ work: AppendQueue.Work) throws -> Result<Appended, StoreError> {
        try cachedStatement(sql: "SAVEPOINT append").execute()
        do {
            let appended = try work(self)
            try cachedStatement(sql: "RELEASE append").execute()
            return .success(appended)
        } catch let error as StoreError where !error.isTemporary {
            try cachedStatement(sql: "ROLLBACK TO append").execute()
            try cachedStatement(sql: "RELEASE append").execute()
            return .failure(error)
        }
    }
}
