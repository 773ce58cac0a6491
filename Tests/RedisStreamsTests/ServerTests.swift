// SPDX-License-Identifier: Apache-2.0
import Logging
import TestSupport
import Testing

@testable import RedisStreams

/// Against a real redis-server.
@Suite(.timeLimit(.minutes(1))) struct ServerTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func client(_ server: RedisServer) -> RedisClient {
        RedisClient(RedisServerAddress(host: "127.0.0.1", port: server.port, password: server.password), logger: logger)
    }

    /// Tries again until Redis is there; the link keeps trying, and the test has a time limit.
    private func connected<T>(_ body: () async throws -> T) async throws -> T {
        while true {
            do { return try await body() } catch RedisError.notConnected, RedisError.lost {
                try Task.checkCancellation()
                await Task.yield()
            }
        }
    }

    @Test func repliesComeInOrderAlsoWhenPipelined() async throws {
        let server = try RedisServer()
        let client = client(server)
        let running = Task { await client.run() }
        defer { running.cancel() }
        _ = try await connected { try await client.call(["PING"]) }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<500 {
                group.addTask { try await client.call(["ECHO", "text \(number)"]) == .text("text \(number)") }
            }
            for try await same in group { #expect(same) }
        }
        await #expect(throws: RedisError.refused("ERR wrong number of arguments for 'get' command")) {
            try await client.call(["GET"])
        }
        let big = String(repeating: "x", count: 1 << 20)
        #expect(try await client.call(["ECHO", big]) == .text(big))
        #expect(await client.problem() == nil)
    }

    @Test func callsFailAtOnceWhileAwayAndWorkAgainAfterwards() async throws {
        let server = try RedisServer()
        let client = client(server)
        let counters = Counters(client: client, hash: KeyedHash(secret: "s"))
        let running = Task { await client.run() }
        defer { running.cancel() }
        #expect(try await connected { try await counters.increment("c", of: "a", expiry: 60) } == 1)
        #expect(try await counters.increment("c", of: "a", by: 4, expiry: 60) == 5)
        #expect(try await counters.value("c", of: "a") == 5)
        #expect(try await counters.value("c", of: "b") == 0)
        let left = try #require(try await client.call(["TTL", RedisKeys.counter("c", counters.hash("a"))]).integer)
        #expect((1...60).contains(left))
        server.kill()
        await #expect(throws: RedisError.self) { try await counters.value("c", of: "a") }
        #expect(await client.problem() == "down")
        try server.start()
        let value = try await connected { try await counters.value("c", of: "a") }
        #expect(value == 0, "its data was wiped")
    }

    @Test func announcementsReachOtherProcessesAndSurviveALoss() async throws {
        let server = try RedisServer()
        let (here, there) = (client(server), client(server))
        let (teller, listener) = (Announcements(client: here), Announcements(client: there))
        let running = [Task { await here.run() }, Task { await listener.run() }]
        defer { running.forEach { $0.cancel() } }
        var iterator = listener.changes(of: "0a").makeAsyncIterator()
        // Subscribed: whatever was missed before.
        await iterator.next()
        _ = try await connected { try await here.call(["PING"]) }
        teller.announce(account: "0b")
        teller.announce(account: "0a")
        await iterator.next()
        server.kill()
        teller.announce(account: "0a")
        try server.start()
        // Connected again: something may have been missed.
        await iterator.next()
        _ = try await connected { try await here.call(["PING"]) }
        teller.announce(account: "0a")
        await iterator.next()
    }

    @Test func listenersOfOneProcessNeedNoRedis() async throws {
        let announcements = Announcements(client: RedisClient(nil, logger: logger))
        var iterator = announcements.changes(of: "0a").makeAsyncIterator()
        announcements.announce(account: "0a")
        await iterator.next()
        #expect(announcements.listenerCount == 1)
        let task = Task { for await _ in announcements.changes(of: "0c") {} }
        task.cancel()
        await task.value
        #expect(announcements.listenerCount == 1)
    }

    @Test func workWakesOneOfTheGroupAndSurvivesALoss() async throws {
        let server = try RedisServer()
        let (adder, one) = (client(server), client(server))
        let (adding, working) = (WorkStream(client: adder, kind: .remote), WorkStream(client: one, kind: .remote))
        let running = [Task { await adder.run() }, Task { await working.run() }]
        defer { running.forEach { $0.cancel() } }
        var iterator = working.wakeUps.makeAsyncIterator()
        await iterator.next()
        _ = try await connected { try await adder.call(["PING"]) }
        adding.add()
        await iterator.next()
        // Wiped while the worker is connected.
        _ = try await adder.call(["FLUSHALL"])
        adding.add()
        await iterator.next()
        server.kill()
        try server.start()
        await iterator.next()
        _ = try await connected { try await adder.call(["PING"]) }
        adding.add()
        await iterator.next()
    }

    @Test func aWrongPasswordIsNoConnection() async throws {
        let server = try RedisServer()
        await #expect(throws: RedisError.self) {
            _ = try await RedisChannel.connect(
                to: RedisServerAddress(host: "127.0.0.1", port: server.port, password: "no"))
        }
    }
}
