// SPDX-License-Identifier: Apache-2.0
import Logging
import RedisStreams
import Synchronization
import TestSupport
import Testing

@testable import Logins

@Suite(.timeLimit(.minutes(1))) struct FailedLoginsTests {
    private typealias Client = FailedLogins.Client
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private final class Clock: Sendable {
        let passed = Mutex(Duration.zero)
    }

    @Test func withoutRedisFailuresAreCountedHereAndForgotten() async {
        let start = ContinuousClock.now
        let redis = RedisClient(host: nil, port: 0, password: nil, logger: logger)
        let clock = Clock()
        let logins = FailedLogins(
            counters: Counters(client: redis, hash: KeyedHash(secret: nil)),
            now: { start + clock.passed.withLock { $0 } })
        let client = Client(address: "192.0.2.1", login: "anna@example.org")
        for _ in 0..<10 {
            #expect(await logins.delay(of: client) == .zero)
            await logins.failed(client)
        }
        #expect(await logins.delay(of: client) == .seconds(1))
        #expect(await logins.delay(of: Client(address: "::ffff:192.0.2.1", login: "bob@example.org")) == .seconds(1))
        for _ in 0..<30 { await logins.failed(client) }
        #expect(await logins.delay(of: client) == FailedLogins.longestDelay)
        #expect(await logins.delay(of: Client(address: "192.0.2.9", login: "anna@example.org")) == .zero)
        clock.passed.withLock { $0 = FailedLogins.window }
        #expect(await logins.delay(of: client) == .zero)
    }

    @Test func ofIPv6TheNetworkIsCounted() {
        #expect(FailedLogins.network(of: "2001:db8:1:2::3") == FailedLogins.network(of: "2001:db8:1:2:ffff::4"))
        #expect(FailedLogins.network(of: "2001:db8:1:2::3") != FailedLogins.network(of: "2001:db8:1:3::3"))
        #expect(FailedLogins.network(of: "::1") == "::1")
    }

    /// Two replicas that share a real Redis.
    private func withReplicas(_ body: ([FailedLogins]) async throws -> Void) async throws {
        let server = try RedisServer()
        let clients = (0..<2).map { _ in
            RedisClient(host: "127.0.0.1", port: server.port, password: server.password, logger: logger)
        }
        let running = clients.map { client in Task { await client.run() } }
        defer { running.forEach { $0.cancel() } }
        for client in clients {
            // The link keeps trying, and the suite has a time limit.
            while await client.problem() != nil {
                try Task.checkCancellation()
                await Task.yield()
            }
        }
        try await body(
            clients.map { FailedLogins(counters: Counters(client: $0, hash: KeyedHash(secret: "s"))) })
    }

    @Test func replicasCountTogether() async throws {
        try await withReplicas { replicas in
            let client = Client(address: "192.0.2.1", login: "anna@example.org")
            for number in 0..<10 {
                #expect(await replicas[number % 2].delay(of: client) == .zero)
                await replicas[number % 2].failed(client)
            }
            #expect(await replicas[0].delay(of: client) == .seconds(1))
            #expect(await replicas[1].delay(of: client) == .seconds(1))
            #expect(await replicas[1].delay(of: Client(address: "192.0.2.2", login: "anna@example.org")) == .zero)
        }
    }

    @Test func aKnownLoginIsNotSlowedDownByItsNeighbours() async throws {
        try await withReplicas { replicas in
            let anna = Client(address: "192.0.2.1", login: "Anna@example.org")
            let stranger = Client(address: "192.0.2.1", login: "stranger")
            await replicas[0].succeeded(anna)
            for _ in 0..<40 { await replicas[0].failed(stranger) }
            #expect(await replicas[1].delay(of: stranger) == FailedLogins.longestDelay)
            #expect(await replicas[1].delay(of: Client(address: "192.0.2.1", login: "bob@example.org")) != .zero)
            #expect(await replicas[1].delay(of: Client(address: "192.0.2.1", login: "anna@example.org")) == .zero)
            // Known is not free: who guesses at it waits as everyone does.
            for _ in 0..<11 { await replicas[1].failed(anna) }
            #expect(await replicas[0].delay(of: anna) == .seconds(2))
        }
    }
}
