// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Counts failed logins within this process: the first ten of an address within ten minutes are answered at once, later
/// ones wait a second longer each time, ten at most. Nobody is banned. Used where no Redis shares the counts.
package final class ProcessLoginGate: LoginGate {
    private static let free = 10
    private static let window = Duration.seconds(600)
    private static let longest = 10
    /// Addresses kept; when more fail at once, the table starts anew rather than grow.
    private static let addresses = 50_000

    private let failures = Mutex<[String: (count: Int, since: ContinuousClock.Instant)]>([:])

    package init() {}

    package func pass(address: String) async {
        let seconds = delay(address: address)
        if seconds > 0 { try? await Task.sleep(for: .seconds(seconds)) }
    }

    /// Seconds that the next answer to this address waits.
    func delay(address: String) -> Int {
        let count = failures.withLock { failures -> Int in
            guard let entry = failures[address], entry.since.duration(to: .now) < Self.window else { return 0 }
            return entry.count
        }
        return min(max(0, count - Self.free), Self.longest)
    }

    package func failed(address: String) async {
        failures.withLock { failures in
            if failures.count >= Self.addresses { failures = [:] }
            var entry = failures[address] ?? (0, .now)
            if entry.since.duration(to: .now) >= Self.window { entry = (0, .now) }
            failures[address] = (entry.count + 1, entry.since)
        }
    }
}
