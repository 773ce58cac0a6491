// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// Slows down who guesses passwords: the first failures of a network address are free, later ones wait ever longer.
/// Nobody is banned. Counted in Redis for all replicas, and in this process for when Redis is away.
package final class FailedLogins: Sendable {
    /// Failures within `window` that are answered at once.
    package static let free = 10
    package static let window = Duration.seconds(600)
    package static let longestDelay = Duration.seconds(30)
    /// Addresses that are remembered in this process.
    static let mostAddresses = 10_000

    private struct Count {
        var failures: Int
        var since: ContinuousClock.Instant
    }

    private let counters: Counters
    private let now: @Sendable () -> ContinuousClock.Instant
    private let local = Mutex<[String: Count]>([:])

    package init(counters: Counters, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.counters = counters
        self.now = now
    }

    /// Waits as long as this address has to before its login is looked at.
    package func pass(address: String) async {
        let delay = await delay(of: address)
        if delay > .zero { try? await Task.sleep(for: delay) }
    }

    /// How long this address has to wait now.
    package func delay(of address: String) async -> Duration {
        let subject = Self.subject(address)
        let here = count(subject)
        let shared = (try? await counters.value(key: key(subject))) ?? 0
        return Self.delay(after: max(here, shared))
    }

    /// Counts one more failure.
    package func failed(address: String) async {
        let subject = Self.subject(address)
        let time = now()
        local.withLock { all in
            if all.count >= Self.mostAddresses {
                all = all.filter { time - $0.value.since < Self.window }
                // Still full of fresh ones: a flood from everywhere. The oldest half goes.
                if all.count >= Self.mostAddresses {
                    let middle = all.values.map(\.since).sorted()[all.count / 2]
                    all = all.filter { $0.value.since > middle }
                }
            }
            var count = all[subject] ?? Count(failures: 0, since: time)
            if time - count.since >= Self.window { count = Count(failures: 0, since: time) }
            count.failures += 1
            all[subject] = count
        }
        _ = try? await counters.increment(key: key(subject), by: 1, expiry: Int(Self.window.components.seconds))
    }

    private func key(_ subject: String) -> String { RedisKeys.failedLogins(counters.hash(subject)) }

    private func count(_ subject: String) -> Int {
        let time = now()
        return local.withLock { all in
            guard let count = all[subject], time - count.since < Self.window else { return 0 }
            return count.failures
        }
    }

    static func delay(after failures: Int) -> Duration {
        guard failures >= free else { return .zero }
        return min(.seconds(1 << min(failures - free, 10)), longestDelay)
    }

    /// Of IPv6 the /64: a single client has a whole one.
    static func subject(_ address: String) -> String {
        guard case .v6(let six)? = try? SocketAddress(ipAddress: address, port: 0) else { return address }
        var raw = six.address.sin6_addr
        let octets = withUnsafeBytes(of: &raw) { Array($0) }
        if octets[..<10].allSatisfy({ $0 == 0 }), octets[10] == 0xFF, octets[11] == 0xFF {
            return octets[12...].map { "\($0)" }.joined(separator: ".")
        }
        if octets[..<15].allSatisfy({ $0 == 0 }) { return address }
        return octets[..<8].map { String($0, radix: 16) }.joined(separator: ":") + "/64"
    }
}
