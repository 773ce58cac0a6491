// SPDX-License-Identifier: Apache-2.0
import DNSClient
import Testing

@testable import DomainRecords

@Suite struct RecordTests {
    @Test func everyPurposeHasItsRecords() async throws {
        let setup = try await World(certificateKey: [1, 2, 3]).setup
        let records = setup.records(withTLSA: true)
        #expect(Set(records.map(\.purpose)) == Set(DNSRecord.Purpose.allCases))
        #expect(Set(records).count == records.count)
        let lines = records.map(\.zoneLine)
        for line in [
            "mail.example.org. IN A 198.18.0.1",
            "mail.example.org. IN AAAA 2001:2::1",
            "1.0.18.198.in-addr.arpa. IN PTR mail.example.org.",
            "example.org. IN MX 10 mail.example.org.",
            "example.org. IN TXT \"v=spf1 mx -all\"",
            "_dmarc.example.org. IN TXT \"v=DMARC1; p=quarantine; rua=mailto:postmaster@example.org\"",
            // SHA-256 of 01 02 03
            "_25._tcp.mail.example.org. IN TLSA 3 1 1 039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81",
            "mta-sts.example.org. IN CNAME mail.example.org.",
            "_smtp._tls.example.org. IN TXT \"v=TLSRPTv1; rua=mailto:postmaster@example.org\"",
            "_submissions._tcp.example.org. IN SRV 0 1 465 mail.example.org.",
            "_imaps._tcp.example.org. IN SRV 0 1 993 mail.example.org.",
            "_pop3._tcp.example.org. IN SRV 30 1 110 mail.example.org.",
            "_caldavs._tcp.example.org. IN SRV 0 1 443 mail.example.org.",
            "_carddavs._tcp.example.org. IN TXT \"path=/dav/\"",
            "autoconfig.example.org. IN CNAME mail.example.org.",
            "admin.example.org. IN CNAME mail.example.org.",
        ] { #expect(lines.contains(line)) }
        #expect(!setup.records(withTLSA: false).contains { $0.purpose == .tlsa })
    }

    @Test func aHostThatIsAWebNameHasNoCNAME() async throws {
        let setup = try await World(host: "admin.example.org").setup
        #expect(!setup.records(withTLSA: false).contains { $0.name == setup.host && $0.type == "CNAME" })
    }

    @Test func longTextsAreSplit() async throws {
        let setup = try await World().setup
        let rsa = try #require(setup.records(withTLSA: false).first { $0.purpose == .dkim && $0.text.count > 255 })
        let strings = rsa.zoneLine.split(separator: "\"").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
        #expect(strings.map(\.count) == [255, rsa.text.count - 255])
        #expect(strings.joined() == rsa.text)
        #expect(DNSRecord("a", .txt(#"say "a\b""#), .dkim, .needed).zoneLine == #"a. IN TXT "say \"a\\b\"""#)
    }

    @Test func aZoneFileKeepsForeignZonesAsComments() async throws {
        let text = DNSRecord.zoneFile(try await World().setup.records(withTLSA: false))
        #expect(text.contains("; 1.0.18.198.in-addr.arpa. IN PTR mail.example.org.\n"))
        #expect(text.contains("; SPF: who may send mail of the domain\nexample.org. IN TXT"))
    }

    @Test func anotherPolicyHasAnotherID() {
        let testing = MTASTSPolicy(host: "mail.example.org", mode: .testing)
        #expect(testing.text == "version: STSv1\r\nmode: testing\r\nmx: mail.example.org\r\nmax_age: 604800\r\n")
        #expect(testing.id.count == 32 && testing.id.allSatisfy { $0.isHexDigit })
        #expect(testing.id == MTASTSPolicy(host: "mail.example.org", mode: .testing).id)
        #expect(testing.id != MTASTSPolicy(host: "mail.example.org", mode: .enforce).id)
        #expect(testing.id != MTASTSPolicy(host: "mx.example.org", mode: .testing).id)
    }
}
