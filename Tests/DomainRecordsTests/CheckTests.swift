// SPDX-License-Identifier: Apache-2.0
import DNSClient
import TestSupport
import Testing

@testable import DomainRecords

@Suite(.timeLimit(.minutes(1))) struct CheckTests {
    /// What we write for a zone is what a real, validating resolver then finds right.
    @Test func ourZoneFileInARealServer() async throws {
        let world = try await World(certificateKey: Array("a public key".utf8))
        let records = world.setup.records(withTLSA: true)
        let server = try NameServer(records.map { $0.zoneLine + "\n" }.joined())
        var checked: [CheckedRecord] = []
        repeat {
            let resolver = try UnboundResolver(
                UnboundConfiguration(forward: "127.0.0.1@\(server.port)", anchorFile: server.anchor))
            checked = await world.setup.check(resolver)
            try Task.checkCancellation()
        } while checked.contains { if case .unknown = $0.state { true } else { false } }
        #expect(checked.map(\.record) == records)
        for one in checked { #expect(one.state == .right, "\(one.record.zoneLine)") }
    }

    @Test func nothingThere() async throws {
        let world = try await World(certificateKey: [1])
        let checked = await world.setup.check(TableResolver())
        #expect(checked.allSatisfy { $0.state == .missing })
        #expect(!checked.contains { $0.record.purpose == .tlsa })
    }

    @Test func noAnswerIsNotMissing() async throws {
        let world = try await World()
        let resolver = world.resolver(with: ["example.org": [.temporaryFailure], "_dmarc.example.org": [.bogus]])
        #expect(await world.states(.mailServer, resolver) == [.unknown("as the table says")])
        #expect(await world.states(.spf, resolver) == [.unknown("as the table says")])
        #expect(await world.states(.dmarc, resolver) == [.unknown("as the table says")])
        #expect(await world.states(.hostAddress, resolver) == [.right, .right])
    }

    @Test func otherHosts() async throws {
        let world = try await World()
        let resolver = world.resolver(with: [
            "example.org": [.mx(5, "mx.elsewhere.example"), .txt("v=spf1 mx -all")],
            "mail.example.org": [.address("198.18.0.1"), .address("198.18.0.9"), .address("2001:2::2")],
            "_imaps._tcp.example.org": [
                .srv(SRVRecord(priority: 0, weight: 0, port: 993, target: "imap.elsewhere.example"))
            ],
            "admin.example.org": [.address("198.51.100.1")],
            "1.0.18.198.in-addr.arpa": [.ptr("host-1.provider.example")],
        ])
        #expect(await world.states(.mailServer, resolver) == [.different(["5 mx.elsewhere.example"])])
        #expect(
            await world.states(.hostAddress, resolver)
                == [.different(["198.18.0.1", "198.18.0.9"]), .different(["2001:2::2"])])
        #expect(await world.states(.imap, resolver) == [.different(["0 0 993 imap.elsewhere.example"]), .right])
        #expect(await world.states(.admin, resolver) == [.different(["198.51.100.1"])])
        #expect(await world.states(.reverseName, resolver).first == .different(["host-1.provider.example"]))
        let beside = world.resolver(with: [
            "example.org": [.mx(5, "backup.example.net"), .mx(10, "MAIL.example.org"), .txt("v=spf1 mx -all")]
        ])
        #expect(await world.states(.mailServer, beside) == [.right])
    }

    @Test(arguments: [
        ("v=spf1 ip4:198.18.0.0/24 ip6:2001:2::/32 ~all", true), ("v=spf1 include:_spf.example.org -all", true),
        ("v=spf1 ip4:198.18.0.1 -all", false), ("v=spf1 include:nowhere.example -all", false), ("v=spf1 -all", false),
        ("v=spf1 nonsense", false),
    ])
    func spfByMeaning(record: String, isRight: Bool) async throws {
        let world = try await World()
        let resolver = world.resolver(with: [
            "example.org": [.mx(10, "mail.example.org"), .txt("some-verification=1"), .txt(record)],
            "_spf.example.org": [.txt("v=spf1 a:mail.example.org -all")],
        ])
        #expect(await world.states(.spf, resolver) == [isRight ? .right : .different([record])])
    }

    @Test func twoPoliciesAreNone() async throws {
        let world = try await World()
        let resolver = world.resolver(with: [
            "example.org": [.txt("v=spf1 mx -all"), .txt("v=spf1 a -all")],
            "_dmarc.example.org": [.txt("v=DMARC1; p=none"), .txt("v=DMARC1; p=reject")],
        ])
        #expect(await world.states(.spf, resolver) == [.different(["v=spf1 mx -all", "v=spf1 a -all"])])
        #expect(await world.states(.dmarc, resolver) == [.different(["v=DMARC1; p=none", "v=DMARC1; p=reject"])])
    }

    @Test(arguments: [
        ("_dmarc.example.org", DNSRecord.Purpose.dmarc, "v=DMARC1;p=none;", true),
        ("_dmarc.example.org", .dmarc, "v=DMARC1; p", false),
        ("_smtp._tls.example.org", .tlsReports, "v=TLSRPTv1;rua=https://reports.example/x", true),
        ("_smtp._tls.example.org", .tlsReports, "v=TLSRPTv1;", false),
        ("_mta-sts.example.org", .mtaSTS, "v=STSv1; id=1;", false),
    ])
    func operatorsOwn(name: String, purpose: DNSRecord.Purpose, text: String, isRight: Bool) async throws {
        let world = try await World()
        let states = await world.states(purpose, world.resolver(with: [name: [.txt(text)]]))
        #expect(states == [isRight ? .right : .different([text])])
    }

    @Test func dkimKeysHoweverWritten() async throws {
        let world = try await World()
        let (first, second) = (world.setup.signing[0], world.setup.signing[1])
        let key = first.text.split(separator: "p=").last.map(String.init) ?? ""
        let resolver = world.resolver(with: [
            first.name: [.txt("k=ed25519;t=s;p=\(key.prefix(10)) \(key.dropFirst(10));")],
            second.name: [.txt(first.text)],
        ])
        #expect(await world.states(.dkim, resolver) == [.right, .different([first.text])])
    }

    @Test func tlsaOnlyWhereItIsBelieved() async throws {
        let world = try await World(certificateKey: [1, 2, 3])
        #expect(await world.states(.tlsa, world.resolver()) == [])
        #expect(await world.states(.tlsa, world.resolver(secure: true)) == [.right])
        let other = TLSARecord(usage: 3, selector: 1, matching: 1, data: [0xAB])
        let resolver = world.resolver(with: ["_25._tcp.mail.example.org": [.tlsa(other)]], secure: true)
        #expect(await world.states(.tlsa, resolver) == [.different(["3 1 1 ab"])])
    }

    @Test func foreignTextIsCutAndCleaned() async throws {
        let world = try await World()
        let hostile = "v=DMARC1; \u{1B}[31m" + String(repeating: "x", count: 1000)
        let states = await world.states(.dmarc, world.resolver(with: ["_dmarc.example.org": [.txt(hostile)]]))
        guard case .different(let shown) = states.first else {
            Issue.record("\(states)")
            return
        }
        #expect(shown[0].hasPrefix("v=DMARC1; ?[31mxxx") && shown[0].hasSuffix("…"))
        #expect(shown[0].utf8.count <= RecordState.foundBytes + 3)
    }
}
