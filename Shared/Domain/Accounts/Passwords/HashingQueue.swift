// SPDX-License-Identifier: Apache-2.0
import Dispatch

/// Runs Argon2id away from the thread pool of Swift's tasks, few at once, in the order of arrival.
actor HashingQueue {
    /// One for the process: the bound is on its memory.
    static let shared = HashingQueue(running: 2, waiting: 64)

    private let runningLimit: Int
    private let waitingLimit: Int
    private var running = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(running: Int, waiting: Int) {
        runningLimit = running
        waitingLimit = waiting
    }

    var isIdle: Bool { running == 0 }

    /// Throws `DirectoryError.busy` when too many wait already.
    func run<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async throws(DirectoryError) -> Result {
        if running < runningLimit {
            running += 1
        } else {
            guard waiting.count < waitingLimit else { throw .busy }
            // Woken by one that ended, whose place it takes.
            await withCheckedContinuation { waiting.append($0) }
        }
        let result = await withCheckedContinuation { done in
            DispatchQueue.global().async { done.resume(returning: work()) }
        }
        if waiting.isEmpty { running -= 1 } else { waiting.removeFirst().resume() }
        return result
    }
}
