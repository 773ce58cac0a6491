// SPDX-License-Identifier: Apache-2.0

import MailFlow
import MailFormat
import OutgoingQueue
import Testing

/// Full accounts: refused where it is known in time, kept where it is not.
@Suite struct QuotaTests {
    private let text = "Subject: hi\r\n\r\nbody\r\n"

    private func resolve(_ world: World, _ text: String, size: Int?) async throws -> String {
        name(await world.flow.resolve(try #require(MailAddress(parsing: text)), mayRelay: false, size: size))
    }

    private func name(_ verdict: RecipientVerdict) -> String {
        switch verdict {
        case .accepted: "accepted"
        case .full: "full"
        default: "else"
        }
    }

    @Test func knownAtRCPT() async throws {
        let world = try World()
        world.limit(World.anna, to: 100)
        #expect(try await resolve(world, "anna@example.org", size: nil) == "accepted")
        #expect(try await resolve(world, "anna@example.org", size: 100) == "accepted")
        #expect(try await resolve(world, "anna@example.org", size: 101) == "full")
        world.limit(World.anna, to: 0)
        #expect(try await resolve(world, "anna@example.org", size: nil) == "full")
        #expect(try await resolve(world, "anna@example.org", size: 0) == "full")
        // An alias is there for those who have room.
        #expect(try await resolve(world, "list@example.org", size: 500) == "accepted")
        world.limit(World.bob, to: 0)
        #expect(try await resolve(world, "list@example.org", size: 500) == "full")
        #expect(name(await world.flow.resolvePostmaster(size: nil)) == "full")
    }

    @Test func knownAtTheEndForEveryRecipient() async throws {
        let world = try World()
        for account in [World.anna, World.bob] { world.limit(account, to: 1) }
        let all = try await world.message(text, to: ["anna@example.org", "list@example.org"])
        #expect(await world.flow.accept(all).refusal == .overQuota)
        #expect(world.stored.isEmpty)
        #expect(try await world.queue.depth().deliveries == 0)
    }

    @Test func knownAtTheEndForOneOfTwo() async throws {
        let world = try World()
        world.limit(World.anna, to: 1)
        let message = try await world.message(text, from: "bob@example.org", to: ["list@example.org"])
        #expect(await world.flow.accept(message).refusal == nil)
        #expect(world.stored.map(\.account) == [World.bob])
        // It waits, and comes in when there is room.
        #expect(await world.deliveries.workOnce())
        #expect(world.stored.count == 1)
        let waiting = try #require(try await world.queue.list().first)
        #expect(waiting.recipient == "list@example.org")
        #expect(try await world.queue.show(waiting.id)?.story.map(\.status) == ["4.2.2"])
        world.limit(World.anna, to: 10_000)
        _ = try await world.queue.retry()
        #expect(await world.deliveries.workOnce())
        #expect(world.stored.map(\.account) == [World.bob, World.anna])
        #expect(try await world.queue.depth().deliveries == 0)
    }

    @Test func afterDaysItGoesBack() async throws {
        let world = try World()
        world.limit(World.anna, to: 1)
        let message = try await world.message(text, from: "bob@example.org", to: ["list@example.org"])
        #expect(await world.flow.accept(message).refusal == nil)
        world.pass(days: 6)
        #expect(await world.deliveries.workOnce())
        #expect(await world.deliveries.workOnce())
        let report = try #require(world.stored.last)
        #expect(report.account == World.bob)
        #expect(report.text.contains("list@example.org: the mailbox is full\r\n"))
        #expect(report.text.contains("Final-Recipient: rfc822; list@example.org\r\nAction: failed\r\nStatus: 5.2.2"))
        #expect(try await world.queue.depth().deliveries == 0)
    }

    /// A report to an alias of several: the one that is full does not keep it from the other.
    @Test func oneFullAccountHoldsUpNobodyElse() async throws {
        let world = try World()
        world.limit(World.anna, to: 1)
        try await world.queue.enqueue(
            NewMessage(
                reversePath: "", recipients: [NewDelivery(recipient: "list@example.org", route: .local(account: nil))],
                content: Array(text.utf8)))
        #expect(await world.deliveries.workOnce())
        #expect(world.stored.map(\.account) == [World.bob])
        world.limit(World.anna, to: 10_000)
        _ = try await world.queue.retry()
        #expect(await world.deliveries.workOnce())
        #expect(world.stored.map(\.account) == [World.bob, World.anna])
    }

    /// Our user's mail for elsewhere is not held up by a colleague's full mailbox.
    @Test func aSubmissionWithARemoteRecipientIsTaken() async throws {
        let world = try World()
        let message = try await world.message(
            "From: bob@example.org\r\n" + text, from: "bob@example.org",
            to: ["anna@example.org", "carl@example.net"], submittedBy: World.bob)
        world.limit(World.anna, to: 0)
        #expect(await world.flow.accept(message).refusal == nil)
        #expect(try await world.queue.depth().deliveries == 2)
    }

    @Test func theWarningIsAMessage() async throws {
        let world = try World()
        world.warn(World.anna)
        _ = await world.flow.accept(try await world.message(text, to: ["anna@example.org"]))
        let warning = try #require(world.stored.last?.text)
        #expect(world.stored.count == 2)
        #expect(warning.contains("To: <anna@example.org>\r\nSubject: Your mailbox is nearly full\r\n"))
        #expect(warning.contains("holds 9.2MB of the 10MB"))
        #expect(!warning.replacing("\r\n", with: "").contains("\n"))
    }
}
