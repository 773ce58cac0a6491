// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import OutgoingQueue

@Suite struct OutcomeTests {
    @Test func failuresAreToldInTheSameTransaction() async throws {
        let world = try World()
        try await world.queue.enqueue(World.message(to: ["a@x.example", "b@x.example", "c@x.example"]))
        let batch = try #require(try await world.queue.take(.remote, owner: "w"))
        let ids = batch.deliveries.map(\.id)
        try await world.queue.finish(batch, results: [ids[0]: .done, ids[1]: .never, ids[2]: .later]) { settled in
            #expect(settled.map(\.recipient) == ["b@x.example"])
            return NewMessage(
                reversePath: "", recipients: [NewDelivery(recipient: "anna@example.org", route: .local(account: nil))],
                content: Array("notice".utf8))
        }
        #expect(try await world.queue.list().map(\.recipient) == ["c@x.example", "anna@example.org"])
        #expect(world.wakeUps == [.remote, .local])
        let notice = try #require(try await world.queue.take(.local, owner: "w"))
        #expect(notice.reversePath == "" && notice.kind == .local)
    }

    @Test func theNullSenderIsToldNothing() async throws {
        let world = try World()
        try await world.queue.enqueue(World.message(from: ""))
        let batch = try #require(try await world.queue.take(.remote, owner: "w"))
        try await world.queue.finish(batch, results: [batch.deliveries[0].id: .never]) { _ in
            Issue.record("a notification to the null sender")
            return nil
        }
        #expect(try await world.queue.depth().deliveries == 0)
    }

    /// Waits grow, the sender is told of the delay once, and in the end the message is given up.
    @Test func aServerThatStaysAway() async throws {
        let world = try World()
        try await world.queue.enqueue(World.message())
        var (waits, told, failed) = ([Int](), 0, 0)
        var waited = 0
        while failed == 0, waits.count < 200 {
            guard let batch = try await world.queue.take(.remote, owner: "w") else {
                world.pass(60)
                waited += 1
                continue
            }
            waits.append(waited)
            waited = 0
            let (delays, failures) = try await Self.finish(world.queue, batch)
            (told, failed) = (told + delays, failed + failures)
        }
        #expect(
            waits.prefix(7).elementsEqual([0, 1, 5, 15, 30, 60, 120]) { $1 <= $0 && $0 <= $1 + $1 / 10 + 1 }, "\(waits)"
        )
        #expect(waits.dropFirst(7).allSatisfy { (240...265).contains($0) }, "\(waits)")
        #expect(waits.reduce(0, +) >= 5 * 24 * 60 && told == 1 && failed == 1)
        #expect(try await world.queue.depth().deliveries == 0)
    }

    private static func finish(_ queue: OutgoingQueue, _ batch: Batch) async throws -> (Int, Int) {
        let (stream, told) = AsyncStream.makeStream(of: Settled.self)
        try await queue.finish(batch, results: [batch.deliveries[0].id: .later]) { settled in
            settled.forEach { told.yield($0) }
            return nil
        }
        told.finish()
        var (delays, failures) = (0, 0)
        for await settled in stream {
            switch settled.fate {
            case .delayed: delays += 1
            case .failed: failures += 1
            case .delivered: Issue.record("delivered")
            }
        }
        return (delays, failures)
    }

    @Test func theStoryIsKept() async throws {
        let world = try World()
        try await world.queue.enqueue(World.message())
        var id: Int64 = 0
        for _ in 0..<3 {
            let batch = try #require(try await world.queue.take(.remote, owner: "w"))
            id = batch.deliveries[0].id
            try await world.queue.finish(batch, results: [id: .later])
            world.pass(3_600)
        }
        let shown = try #require(try await world.queue.show(id))
        #expect(shown.story.map(\.reply) == ["later", "later", "later"] && shown.attempts == 3)
        #expect(shown.story.map(\.at) == [1_000_000, 1_003_600, 1_007_200])
        #expect(try await world.queue.show(id + 1) == nil)
    }

    @Test func theOperatorHoldsRetriesAndRemoves() async throws {
        let world = try World()
        try await world.queue.enqueue(World.message())
        let id = try await world.queue.list()[0].id
        #expect(try await world.queue.hold([id, id + 9]) == 1)
        #expect(try await world.queue.take(.remote, owner: "w") == nil)
        #expect(try await world.queue.retry() == 1)
        let batch = try #require(try await world.queue.take(.remote, owner: "w"))
        try await world.queue.finish(batch, results: [id: .later])
        #expect(try await world.queue.take(.remote, owner: "w") == nil)
        #expect(try await world.queue.retry([id]) == 1)
        #expect(try await world.queue.take(.remote, owner: "w") != nil)
        #expect(try await world.queue.remove([id]) == 1)
        #expect(try await world.queue.list() == [])
        await #expect(throws: QueueError.noSuchMessage) { try await world.queue.content(of: batch.message) }
    }
}
