// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The bound of all message octets that a process holds at once, shared by its sessions.
package final class MessageMemory: Sendable {
    private struct State {
        var used = 0
        /// In order of arrival; at most one for each session.
        var waiting: [Waiter] = []
        var lastID = 0
    }

    private struct Waiter {
        let id: Int
        let count: Int
        let continuation: CheckedContinuation<Bool, Never>
    }

    private let limit: Int
    private let state = Mutex(State())

    /// `limit` in octets.
    package init(limit: Int) {
        self.limit = limit
    }

    /// Octets in use.
    package var inUse: Int { state.withLock { $0.used } }

    /// How many wait for room.
    package var waiting: Int { state.withLock { $0.waiting.count } }

    package func lease() -> Lease { Lease(self) }

    private func take(_ count: Int) -> Bool {
        state.withLock { state in
            guard state.used + count <= limit else { return false }
            state.used += count
            return true
        }
    }

    /// In turn: who asks for little does not get past those that wait for much.
    private func take(_ count: Int, within time: Duration) async -> Bool {
        guard count <= limit else { return false }
        let isFree = state.withLock { state in
            guard state.waiting.isEmpty, state.used + count <= limit else { return false }
            state.used += count
            return true
        }
        guard !isFree else { return true }
        return await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.turn(count) }
            group.addTask {
                try? await Task.sleep(for: time)
                return false
            }
            // The turn may have come in the moment in which the time was over: both are asked.
            var isTaken = false
            for await outcome in group {
                isTaken = isTaken || outcome
                group.cancelAll()
            }
            return isTaken
        }
    }

    /// True when the octets were taken; false when the task was cancelled before.
    private func turn(_ count: Int) async -> Bool {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isCancelled = state.withLock { state in
                    if Task.isCancelled { return true }
                    state.waiting.append(Waiter(id: id, count: count, continuation: continuation))
                    return false
                }
                if isCancelled { continuation.resume(returning: false) } else { serve() }
            }
        } onCancel: {
            let gone = state.withLock { state in
                state.waiting.firstIndex { $0.id == id }.map { state.waiting.remove(at: $0) }
            }
            gone?.continuation.resume(returning: false)
            serve()
        }
    }

    private func giveBack(_ count: Int) {
        state.withLock { $0.used -= count }
        serve()
    }

    /// Gives what is free to those that wait.
    private func serve() {
        let served = state.withLock { state in
            var served: [Waiter] = []
            while let first = state.waiting.first, state.used + first.count <= limit {
                state.used += first.count
                served.append(state.waiting.removeFirst())
            }
            return served
        }
        for one in served { one.continuation.resume(returning: true) }
    }

    /// One message's share; given back when the last reference goes.
    package final class Lease: Sendable {
        private let memory: MessageMemory
        private let octets = Mutex(0)

        fileprivate init(_ memory: MessageMemory) { self.memory = memory }

        /// False when there is no room: nothing is taken then.
        package func grow(by count: Int) -> Bool {
            let fits = memory.take(count)
            if fits { octets.withLock { $0 += count } }
            return fits
        }

        /// Waits for room, for that time at most. False when there was none: nothing is taken then. One caller at a
        /// time.
        package func grow(to count: Int, within time: Duration) async -> Bool {
            let more = count - octets.withLock { $0 }
            guard more > 0 else { return true }
            let fits = await memory.take(more, within: time)
            if fits { octets.withLock { $0 += more } }
            return fits
        }

        deinit {
            memory.giveBack(octets.withLock { $0 })
        }
    }
}
