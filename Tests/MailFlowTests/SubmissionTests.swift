// SPDX-License-Identifier: Apache-2.0

import MailFlow
import OutgoingQueue
import Testing

@Suite struct SubmissionTests {
    private func submit(_ text: String, to recipients: [String] = ["bob@example.org"], in world: World) async throws
        -> AcceptVerdict
    {
        await world.flow.accept(
            try await world.message(text, from: "anna@example.org", to: recipients, submittedBy: World.anna))
    }

    @Test(arguments: [
        "From: anna@example.org\r\n", "From: Anna <ANNA@Example.org>\r\n", "from : \"A, B\" <anna@example.org> (x)\r\n",
        "From:\r\n anna@example.org\r\n", "From: Team: Anna <anna@example.org>, anna@example.org;\r\n",
        "From: \"anna\"@example.org\r\n", "From: A. B. (c (d)) <anna@(e)example.org>\r\n",
        "From: anna@example.org, anna@example.org\r\n",
        "From: =?utf-8?q?bob=40example.org?= <anna@example.org>\r\n",
    ])
    func ownFrom(_ header: String) async throws {
        let world = try World()
        #expect(try await submit(header + "\r\nhi\r\n", in: world).refusal == nil)
    }

    @Test(
        arguments: [
            ("", Refusal.fromMissing), ("Subject: x\r\n", .fromMissing),
            ("From: anna@example.org\r\nFrom: anna@example.org\r\n", .fromRepeated),
            ("From: anna@example.org\r\nfrom : bob@example.org\r\n", .fromRepeated),
            ("From: anna@example.org\r\nnonsense\r\nFrom: bob@example.org\r\n", .fromRepeated),
            ("From: bob@example.org\r\n", .fromNotOwned("bob@example.org")),
            ("From: anna@example.org, bob@example.org\r\n", .fromNotOwned("bob@example.org")),
            ("From: anna@example.org <bob@example.org>\r\n", .fromNotOwned("bob@example.org")),
            ("From: x@example.net\r\n", .fromNotOwned("x@example.net")),
            ("From: nobody\r\n", .fromMalformed), ("From: anna@example.org (x\r\n", .fromMalformed),
            ("From: a:anna@example.org, bob@example.org;\r\n", .fromNotOwned("bob@example.org")),
            ("From: anna@example.org bob@example.org\r\n", .fromMalformed),
            ("From: <@x:anna@example.org>\r\n", .fromMalformed), ("From: <anna@example.org\r\n", .fromMalformed),
            ("From:\r\n", .fromMalformed), ("From: a@b@c\r\n", .fromMalformed),
        ] as [(String, Refusal)])
    func otherFrom(header: String, refusal: Refusal) async throws {
        let world = try World()
        let found = try await submit(header + "\r\nhi\r\n", in: world).refusal
        if header.contains("<bob@") || refusal == .fromMalformed {
            // What a strict parser calls malformed and a lenient one somebody else's: refused either way.
            #expect(found == refusal || found == .fromMalformed)
        } else {
            #expect(found == refusal)
        }
        #expect(world.stored.isEmpty)
    }

    @Test func completesDateAndMessageID() async throws {
        let world = try World()
        _ = try await submit("From: anna@example.org\r\n\r\nhi\r\n", in: world)
        _ = try await submit("From: anna@example.org\r\nDate: x\r\nmessage-id: <y>\r\n\r\nhi\r\n", in: world)
        let first = try #require(world.stored.first?.text)
        #expect(first.contains("\r\nDate: Tue, 24 Nov 2026 04:30:00 +0000\r\n"))
        #expect(first.contains("\r\nMessage-ID: <"))
        #expect(first.hasSuffix("From: anna@example.org\r\n\r\nhi\r\n"))
        let second = try #require(world.stored.last?.text)
        #expect(!second.contains("\r\nDate: Tue"))
        #expect(!second.contains("\r\nMessage-ID:"))
        #expect(!second.contains("Authentication-Results"))
    }

    @Test func remoteRecipientsAreSpooled() async throws {
        let world = try World()
        let recipients = ["bob@example.org", "x@example.net", "y@example.net", "z@example.com"]
        #expect(try await submit("From: anna@example.org\r\n\r\nhi\r\n", to: recipients, in: world).refusal == nil)
        #expect(world.stored.map(\.account) == [World.bob])
        let batch = try #require(try await world.queue.take(.remote, owner: "test"))
        #expect(batch.reversePath == "anna@example.org")
        #expect(batch.domain == "example.net")
        #expect(batch.deliveries.map(\.recipient) == ["x@example.net", "y@example.net"])
        let content = String(decoding: try await world.queue.content(of: batch.message), as: UTF8.self)
        #expect(content.hasPrefix("Received: from client.example"))
        #expect(!content.contains("Return-Path"))
    }
}
