// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import DNSClient

/// libunbound against a real nsd with a signed zone.
@Suite(.timeLimit(.minutes(1))) struct UnboundTests {
    static let records = """
        example.org. IN MX 20 b.example.org.
        example.org. IN MX 10 a.example.org.
        example.org. IN TXT "v=spf1 " "-all"
        a.example.org. IN A 192.0.2.1
        a.example.org. IN AAAA 2001:db8::1
        forged.example.org. IN A 192.0.2.77
        alias.example.org. IN CNAME a.example.org.
        9.9.9.10.in-addr.arpa. IN PTR a.example.org.

        """

    /// The server's first answer shows that it is up.
    private func resolver(_ server: NameServer, anchor: String?) async throws -> UnboundResolver {
        while true {
            let resolver = try UnboundResolver(
                UnboundConfiguration(forward: "127.0.0.1@\(server.port)", anchorFile: anchor))
            if await resolver.a("a.example.org").records != nil { return resolver }
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    @Test func answersAreSecureAndSorted() async throws {
        let server = try NameServer(Self.records)
        let resolver = try await resolver(server, anchor: server.anchor)
        #expect(await resolver.mx("example.org").records?.map(\.exchange) == ["a.example.org", "b.example.org"])
        #expect(await resolver.mx("example.org").isSecure)
        #expect(await resolver.txt("EXAMPLE.org.").records == [Array("v=spf1 -all".utf8)])
        #expect(
            await resolver.addresses("alias.example.org").records?.map(\.description) == ["2001:db8::1", "192.0.2.1"])
        #expect(await resolver.ptr(try #require(IPAddress(parsing: "10.9.9.9"))).records == ["a.example.org"])
        #expect(await resolver.mx("nowhere.example.org") == .nxDomain(secure: true))
        #expect(await resolver.mx("a.example.org") == .noData(secure: true))
        #expect(await resolver.a("a..b") == .nxDomain(secure: false))
    }

    @Test func aForgedRecordIsBogus() async throws {
        let server = try NameServer(Self.records, forgery: ("192.0.2.77", "192.0.2.66"))
        let resolver = try await resolver(server, anchor: server.anchor)
        guard case .bogus = await resolver.a("forged.example.org") else {
            Issue.record("not bogus")
            return
        }
        let trusting = try await self.resolver(server, anchor: nil)
        #expect(await trusting.a("forged.example.org").records?.map(\.description) == ["192.0.2.66"])
        #expect(await !trusting.a("forged.example.org").isSecure)
    }

    @Test func aServerThatIsAwayIsATemporaryFailure() async throws {
        var configuration = UnboundConfiguration(forward: "127.0.0.1@\(try FreePort.find())", anchorFile: nil)
        configuration.timeout = .seconds(2)
        let resolver = try UnboundResolver(configuration)
        guard case .temporaryFailure = await resolver.a("a.example.org") else {
            Issue.record("no failure")
            return
        }
    }

    @Test func aCancelledQueryEnds() async throws {
        let resolver = try UnboundResolver(
            UnboundConfiguration(forward: "127.0.0.1@\(try FreePort.find())", anchorFile: nil))
        let query = Task { await resolver.a("a.example.org") }
        query.cancel()
        guard case .temporaryFailure = await query.value else {
            Issue.record("no failure")
            return
        }
        resolver.stop()
        guard case .temporaryFailure = await resolver.a("a.example.org") else {
            Issue.record("no failure")
            return
        }
    }

    @Test func wrongSettingsAreErrors() {
        #expect(throws: UnboundError.self) {
            try UnboundResolver(UnboundConfiguration(anchorFile: "/nonexistent/anchor"))
        }
        #expect(throws: UnboundError.self) {
            try UnboundResolver(UnboundConfiguration(forward: "not an address", anchorFile: nil))
        }
    }
}
