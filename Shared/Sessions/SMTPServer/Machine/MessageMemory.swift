// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The bound of all message octets that a process holds at once, shared by its sessions.
package final class MessageMemory: Sendable {
    private let limit: Int
    private let used = Mutex(0)

    /// `limit` in octets.
    package init(limit: Int = SessionLimits().messageMemory) {
        self.limit = limit
    }

    /// Octets in use.
    package var inUse: Int { used.withLock { $0 } }

    package func lease() -> Lease { Lease(self) }

    /// One message's share; given back when the last reference goes.
    package final class Lease: Sendable {
        private let memory: MessageMemory
        private let octets = Mutex(0)

        fileprivate init(_ memory: MessageMemory) { self.memory = memory }

        /// False when there is no room: nothing is taken then.
        package func grow(by count: Int) -> Bool {
            let fits = memory.used.withLock { used in
                guard used + count <= memory.limit else { return false }
                used += count
                return true
            }
            if fits { octets.withLock { $0 += count } }
            return fits
        }

        deinit {
            let count = octets.withLock { $0 }
            memory.used.withLock { $0 -= count }
        }
    }
}
