// SPDX-License-Identifier: Apache-2.0

import NIOCore
import RedisStreams
import Synchronization

/// Slows down who guesses passwords: the first failures of a network address are free, later ones wait ever longer.
/// Nobody is banned. A login that is known from its address is counted for itself, so that others who share the address
/// (a company, a mobile carrier) do not slow it down. Counted in Redis for all replicas, and in this process for when
/// Redis is away.
package final class FailedLogins: Sendable {
    /// Failures within `window` that are answered at once.
    package static let free = 10
    package static let window = Duration.seconds(600)
    package static let longestDelay = Duration.seconds(30)
    /// How long a login stays known at an address.
    package static let knownFor = Duration.seconds(7 * 86_400)
    /// Subjects that are remembered in this process.
    static let mostSubjects = 10_000

    /// Who wants to come in.
    package struct Client: Sendable {
        /// The network that the address stands for.
        let network: String
        /// The login at that network.
        let login: String

        package init(address: String, login: String) {
            network = FailedLogins.network(of: address)
            self.login = network + " " + login.lowercased()
        }
    }

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

    /// Waits as long as this client has to before its login is looked at.
    package func pass(_ client: Client) async {
        let delay = await delay(of: client)
        if delay > .zero { try? await Task.sleep(for: delay) }
    }

    /// How long this client has to wait now.
    package func delay(of client: Client) async -> Duration {
        let subject = await subject(client)
        let here = count(subject)
        let shared = (try? await counters.value(Self.failures, of: subject)) ?? 0
        return Self.delay(after: max(here, shared))
    }

    /// Counts one more failure.
    package func failed(_ client: Client) async {
        let subject = await subject(client)
        let time = now()
        local.withLock { all in
            if all.count >= Self.mostSubjects {
                all = all.filter { time - $0.value.since < Self.window }
                // Still full of fresh ones: a flood from everywhere. The oldest half goes.
                if all.count >= Self.mostSubjects {
                    let middle = all.values.map(\.since).sorted()[all.count / 2]
                    all = all.filter { $0.value.since > middle }
                }
            }
            var count = all[subject] ?? Count(failures: 0, since: time)
            if time - count.since >= Self.window { count = Count(failures: 0, since: time) }
            count.failures += 1
            all[subject] = count
        }
        _ = try? await counters.increment(
            Self.failures, of: subject, expiry: Int(Self.window.components.seconds))
    }

    /// Remembers that this login is right at this address.
    package func succeeded(_ client: Client) async {
        _ = try? await counters.increment(
            Self.successes, of: client.login, expiry: Int(Self.knownFor.components.seconds))
    }

    private static let failures = "failed-logins"
    private static let successes = "known-logins"

    /// Whose failures count: without Redis nobody is known.
    private func subject(_ client: Client) async -> String {
        let successes = (try? await counters.value(Self.successes, of: client.login)) ?? 0
        return successes > 0 ? client.login : client.network
    }

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
    static func network(of address: String) -> String {
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
