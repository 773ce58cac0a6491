// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import OutgoingQueue

@Suite struct LeaseTests {
    @Test func whatGoesInComesOut() async throws {
        let world = try World()
        let text = String(repeating: "0123456789\r\n", count: 40_000)
        try await world.queue.enqueue(World.message(text, to: ["a@x.example", "b@x.example", "c@y.example"]))
        #expect(world.wakeUps == [.remote])
        let batch = try #require(try await world.queue.take(.remote, owner: "w"))
        #expect(batch.domain == "x.example" && batch.deliveries.map(\.recipient) == ["a@x.example", "b@x.example"])
        #expect(batch.reversePath == "anna@example.org" && batch.size == text.utf8.count)
        #expect(try await world.queue.content(of: batch.message) == Array(text.utf8))
        #expect(try await world.queue.take(.local, owner: "w") == nil)
        #expect(try await world.queue.take(.remote, owner: "w", excluding: ["y.example"]) == nil)
        #expect(try await world.queue.take(.remote, owner: "w")?.deliveries.map(\.recipient) == ["c@y.example"])
        #expect(try await world.queue.take(.remote, owner: "w") == nil)
    }

    @Test func ofManyWorkersOneGetsIt() async throws {
        let world = try World()
        for number in 0..<20 { try await world.queue.enqueue(World.message(to: ["r\(number)@x.example"])) }
        let queues = try (0..<4).map { _ in try world.another() }
        let taken = try await withThrowingTaskGroup(of: [String].self) { group in
            for (number, queue) in queues.enumerated() {
                group.addTask {
                    var mine: [String] = []
                    while let batch = try await queue.take(.remote, owner: "w\(number)") {
                        mine += batch.deliveries.map(\.recipient)
                    }
                    return mine
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(taken.sorted() == (0..<20).map { "r\($0)@x.example" }.sorted())
    }

    @Test func aLeaseEndsAndItsOwnerIsTooLate() async throws {
        let world = try World()
        try await world.queue.enqueue(World.message())
        let first = try #require(try await world.queue.take(.remote, owner: "one"))
        world.pass(QueueLimits.leaseSeconds - 1)
        #expect(try await world.queue.take(.remote, owner: "two") == nil)
        #expect(try await world.queue.renew(first))
        world.pass(QueueLimits.leaseSeconds - 1)
        #expect(try await world.queue.take(.remote, owner: "two") == nil)
        world.pass(1)
        let second = try #require(try await world.queue.take(.remote, owner: "two"))
        #expect(second.deliveries[0].attempt == 2 && second.deliveries[0].key == first.deliveries[0].key)
        #expect(try await !world.queue.renew(first))
        // What the first one found out does not count any more, and tells nobody anything.
        try await world.queue.finish(first, results: [first.deliveries[0].id: .never]) { _ in
            Issue.record("a notification for a lost lease")
            return nil
        }
        #expect(try await world.queue.renew(second))
        try await world.queue.finish(second, results: [second.deliveries[0].id: .done])
        #expect(try await world.queue.depth().deliveries == 0)
    }

    @Test func whatIsGivenBackIsDueAndUncounted() async throws {
        let world = try World()
        try await world.queue.enqueue(World.message())
        let batch = try #require(try await world.queue.take(.remote, owner: "w"))
        try await world.queue.giveBack(batch)
        let again = try #require(try await world.queue.take(.remote, owner: "w"))
        #expect(again.deliveries[0].attempt == 1)
        try await world.queue.finish(again, results: [:])
        #expect(try await world.queue.take(.remote, owner: "w")?.deliveries[0].attempt == 1)
    }

    @Test func boundsAreErrors() async throws {
        let world = try World()
        let many = (0...QueueLimits.recipients).map { "r\($0)@x.example" }
        let large = World.message(String(repeating: "a", count: QueueLimits.messageBytes + 1))
        for (message, error) in [
            (World.message(to: []), QueueError.recipients), (World.message(to: many), .recipients), (large, .tooLarge),
        ] {
            await #expect(throws: error) { try await world.queue.enqueue(message) }
        }
        #expect(try await world.queue.depth().deliveries == 0)
        await #expect(throws: QueueError.noSuchMessage) { try await world.queue.content(of: 99) }
    }

    @Test func aBatchHasAtMostAHundredRecipients() async throws {
        let world = try World()
        try await world.queue.enqueue(World.message(to: (0..<250).map { "r\($0)@x.example" }))
        var sizes: [Int] = []
        while let batch = try await world.queue.take(.remote, owner: "w") { sizes.append(batch.deliveries.count) }
        #expect(sizes == [100, 100, 50])
    }
}
