// SPDX-License-Identifier: Apache-2.0

import MailFlow
import MailFormat
import OutgoingQueue
import Testing

@Suite struct AcceptMessageTests {
    private let text = "From: stranger@example.com\r\nSubject: hi\r\n\r\nbody\r\n"

    @Test func deliversWithTraceOnTop() async throws {
        let world = try World()
        let verdict = await world.flow.accept(try await world.message(text, to: ["anna@example.org"]))
        #expect(verdict.refusal == nil)
        let stored = try #require(world.stored.first)
        #expect(
            stored.text == """
                Return-Path: <stranger@example.com>\r
                Authentication-Results: mx.example.org; none\r
                Received: from client.example ([192.0.2.1])\r
                \tby mx.example.org with ESMTP id ID\r
                \tfor <anna@example.org>; Tue, 24 Nov 2026 04:30:00 +0000\r

                """ + text)
        #expect(world.announced == [World.anna])
    }

    @Test func oneCopyForEachAccount() async throws {
        let world = try World()
        _ = await world.flow.accept(
            try await world.message(text, to: ["anna@example.org", "list@example.org", "bob@example.org"]))
        #expect(world.stored.map(\.account).sorted { "\($0)" < "\($1)" } == [World.anna, World.bob])
    }

    @Test func recipients() async throws {
        let world = try World()
        func verdict(_ text: String, mayRelay: Bool) async throws -> String {
            switch await world.flow.resolve(try #require(MailAddress(parsing: text)), mayRelay: mayRelay, size: nil) {
            case .accepted(let recipient): recipient.route == .remote ? "remote" : "local"
            case .unknown: "unknown"
            case .disabled: "disabled"
            case .full: "full"
            case .notHere: "notHere"
            case .malformed: "malformed"
            case .unavailable: "unavailable"
            }
        }
        #expect(try await verdict("anna@example.org", mayRelay: false) == "local")
        #expect(try await verdict("nobody@example.org", mayRelay: true) == "unknown")
        #expect(try await verdict("x@example.net", mayRelay: false) == "notHere")
        #expect(try await verdict("x@example.net", mayRelay: true) == "remote")
    }

    @Test func loopCount() async throws {
        let world = try World()
        for (count, refusal) in [(99, nil), (100, nil), (101, Refusal.tooManyHops), (5_000, .tooManyHops)] {
            let received = String(repeating: "Received: from a\r\n\tby b\r\n", count: count)
            let verdict = await world.flow.accept(try await world.message(received + text, to: ["anna@example.org"]))
            #expect(verdict.refusal == refusal)
        }
    }

    /// It would read as the continuation of our Received line.
    @Test(arguments: [" Authentication-Results: mx.example.org; dkim=pass\r\n", "\tx\r\n"])
    func aFirstLineThatContinuesNothingIsRefused(line: String) async throws {
        let world = try World()
        let verdict = await world.flow.accept(try await world.message(line + text, to: ["anna@example.org"]))
        #expect(verdict.refusal == .beginsFolded && world.stored.isEmpty)
    }

    @Test func policyRefusesAndNullSenderPasses() async throws {
        let world = try World()
        let bounce = await world.flow.accept(try await world.message(text, from: nil, to: ["anna@example.org"]))
        #expect(bounce.refusal == nil)
        #expect(world.stored.first?.text.hasPrefix("Return-Path: <>\r\n") == true)
        world.reject("example.com")
        let verdict = await world.flow.accept(try await world.message(text, to: ["anna@example.org"]))
        #expect(verdict.refusal == .policy(domain: "example.com"))
        #expect(world.stored.count == 1)
    }

    @Test func forgedResultsAreGone() async throws {
        let world = try World()
        let forged = "Authentication-Results: mx.example.org; dkim=pass header.d=bank.example\r\n"
        _ = await world.flow.accept(try await world.message(forged + text, to: ["anna@example.org"]))
        let stored = try #require(world.stored.first)
        #expect(!stored.text.contains("bank.example"))
        #expect(stored.text.hasSuffix("+0000\r\n" + text))
    }

    @Test func lockedAccountGoesThroughTheSpoolOnce() async throws {
        let world = try World()
        world.fail(World.anna, .temporary("busy"))
        let verdict = await world.flow.accept(try await world.message(text, to: ["list@example.org"]))
        #expect(verdict.refusal == nil)
        #expect(world.stored.map(\.account) == [World.bob])
        world.fail(World.anna, nil)
        #expect(await world.deliveries.workOnce())
        #expect(world.stored.map(\.account) == [World.bob, World.anna])
        #expect(world.stored[0].text == world.stored[1].text)
        #expect(await !world.deliveries.workOnce())
        #expect(world.stored.count == 2)
    }

    @Test func twoWorkersDeliverOnce() async throws {
        let world = try World()
        world.fail(World.anna, .full)
        for _ in 0..<5 { _ = await world.flow.accept(try await world.message(text, to: ["anna@example.org"])) }
        world.fail(World.anna, nil)
        await withTaskGroup { group in
            for _ in 0..<3 { group.addTask { while await world.deliveries.workOnce() {} } }
        }
        #expect(world.stored.count == 5)
    }

    @Test func goneAccountIsReportedToTheSender() async throws {
        let world = try World()
        world.fail(World.anna, .gone)
        _ = await world.flow.accept(try await world.message(text, from: "bob@example.org", to: ["anna@example.org"]))
        #expect(await world.deliveries.workOnce())
        // The report is a local row for Bob.
        #expect(await world.deliveries.workOnce())
        let report = try #require(world.stored.first)
        #expect(report.account == World.bob)
        #expect(report.text.hasPrefix("Return-Path: <>\r\n"))
        #expect(report.text.contains("Final-Recipient: rfc822; anna@example.org\r\nAction: failed\r\nStatus: 5.1.1"))
        #expect(report.text.contains("Subject: hi\r\n"))
        #expect(!report.text.contains("body\r\n"))
    }

    @Test func nullSenderGetsNoReport() async throws {
        let world = try World()
        world.fail(World.anna, .gone)
        _ = await world.flow.accept(try await world.message(text, from: nil, to: ["anna@example.org"]))
        #expect(await world.deliveries.workOnce())
        #expect(await !world.deliveries.workOnce())
        #expect(world.stored.isEmpty)
    }
}
