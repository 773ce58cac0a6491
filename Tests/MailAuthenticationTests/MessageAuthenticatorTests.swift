// SPDX-License-Identifier: Apache-2.0
import DNSClient
import Testing

@testable import MailAuthentication

@Suite struct MessageAuthenticatorTests {
    static func check(
        _ message: String, client: String = "192.0.2.1", helo: String = "mail.example.com",
        reversePath: String = "joe@football.example.com", records: [String: [TableResolver.Entry]]
    ) async throws -> MessageAuthenticator.Verdict {
        let session = MessageAuthenticator.Session(
            client: try #require(IPAddress(parsing: client)), helo: helo, reversePath: reversePath)
        return await MessageAuthenticator(hostname: "mx.example.net", resolver: TableResolver(records))
            .check(Example.bytes(message), session)
    }

    @Test func `everything is told in one field`() async throws {
        var records = Example.football
        records["football.example.com"] = [.txt("v=spf1 ip4:192.0.2.0/24 -all")]
        records["_dmarc.example.com"] = [.txt("v=DMARC1; p=reject")]
        let verdict = try await Self.check(Example.signedTwice, records: records)
        #expect(
            verdict.field
                == """
                Authentication-Results: mx.example.net;
                \tspf=pass smtp.mailfrom=football.example.com;
                \tdkim=pass header.d=football.example.com header.s=brisbane header.a=ed25519-sha256 header.b="/gCrinpc";
                \tdkim=pass header.d=football.example.com header.s=test header.a=rsa-sha256 header.b="F45dVWDf";
                \tdmarc=pass (p=reject) header.from=football.example.com;
                \tarc=none

                """.replacing("\n", with: "\r\n"))
        #expect(verdict.rejectedBy == nil)
    }

    @Test func `a forged author is rejected when the domain asks for it`() async throws {
        let records: [String: [TableResolver.Entry]] = [
            "football.example.com": [.txt("v=spf1 -all")], "_dmarc.example.com": [.txt("v=DMARC1; p=reject")],
        ]
        let verdict = try await Self.check(Example.header + "\nHi\n", records: records)
        #expect(verdict.rejectedBy == "football.example.com")
        #expect(verdict.field.contains("spf=fail") && verdict.field.contains("dkim=none"))
    }

    @Test func `a DNS that is away rejects nobody`() async throws {
        let records: [String: [TableResolver.Entry]] = [
            "football.example.com": [.temporaryFailure], "_dmarc.football.example.com": [.txt("v=DMARC1; p=reject")],
        ]
        let verdict = try await Self.check(Example.header + "\nHi\n", records: records)
        #expect(verdict.dmarc.result == .temperror && verdict.rejectedBy == nil)
    }

    @Test func `domains without any policy are taken`() async throws {
        let verdict = try await Self.check(Example.header + "\nHi\n", records: [:])
        #expect(verdict.rejectedBy == nil)
        #expect(verdict.field.contains("spf=none smtp.mailfrom=football.example.com;"))
        #expect(verdict.field.contains("dmarc=none header.from=football.example.com;"))
    }

    @Test(arguments: [
        "a@b.example\r\nX-Evil: 1", "a@b.example; dkim=pass", "a@b.example(", "\"x\r\n\"@b.example",
        "a@\u{202E}b.example",
        "a@b.example\" dkim=pass", "@", "a@",
    ])
    func `nothing that a sender says adds a result`(_ said: String) async throws {
        for (helo, path) in [(said, ""), ("mail.example.com", said)] {
            let verdict = try await Self.check(
                Example.header + "\nHi\n", helo: helo, reversePath: path, records: [:])
            let lines = verdict.field.split(separator: "\r\n", omittingEmptySubsequences: false)
            #expect(lines.count == 6 && lines.last == "")
            #expect(!verdict.field.contains("pass") && !verdict.field.contains("Evil"))
        }
    }
}
