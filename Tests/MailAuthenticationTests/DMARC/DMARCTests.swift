// SPDX-License-Identifier: Apache-2.0
import DNSClient
import MailFormat
import Testing

@testable import MailAuthentication

@Suite struct DMARCTests {
    static func evaluate(
        from: String = "From: anna@example.org", records: [String: TableResolver.Entry],
        spf: (SPF.Result, String) = (.none, ""), dkim: [(DKIM.Result, String)] = [], draw: Int = 1
    ) async -> DMARC.Outcome {
        let message = Array("\(from)\r\nSubject: x\r\n\r\ntext\r\n".utf8)
        return await DMARC.evaluate(
            message, MessageHeader(message),
            spf: SPF.Outcome(result: spf.0, explanation: nil, domain: spf.1, identity: .mailFrom),
            dkim: dkim.map {
                DKIM.Outcome(result: $0.0, reason: nil, domain: $0.1, selector: "s", algorithm: .rsa, signature: nil)
            },
            resolver: TableResolver(records.mapValues { [$0] }), draw: draw)
    }

    static let reject: [String: TableResolver.Entry] = ["_dmarc.example.org": .txt("v=DMARC1; p=reject")]

    @Test func `no record, no opinion`() async {
        let outcome = await Self.evaluate(records: [:])
        #expect(outcome.result == .none && outcome.policy == nil && outcome.domain == "example.org")
    }

    @Test(arguments: [
        (SPF.Result.pass, "example.org", DMARC.Result.pass), (.pass, "mail.example.org", .pass),
        (.pass, "example.com", .fail), (.fail, "example.org", .fail), (.softfail, "example.org", .fail),
        (.temperror, "example.org", .temperror), (.temperror, "example.com", .fail), (.pass, "", .fail),
    ])
    func `SPF speaks for its own domain`(_ result: SPF.Result, _ domain: String, _ wanted: DMARC.Result) async {
        #expect(await Self.evaluate(records: Self.reject, spf: (result, domain)).result == wanted)
    }

    @Test(arguments: [
        (DKIM.Result.pass, "example.org", DMARC.Result.pass), (.pass, "news.example.org", .pass), (.pass, "org", .fail),
        (.fail, "example.org", .fail), (.temperror, "example.org", .temperror),
    ])
    func `DKIM speaks for its own domain`(_ result: DKIM.Result, _ domain: String, _ wanted: DMARC.Result) async {
        #expect(
            await Self.evaluate(records: Self.reject, dkim: [(.pass, "list.example"), (result, domain)]).result
                == wanted)
    }

    @Test func `strict alignment wants the very domain`() async {
        let strict: [String: TableResolver.Entry] = ["_dmarc.example.org": .txt("v=DMARC1; p=reject; aspf=s; adkim=s")]
        #expect(await Self.evaluate(records: strict, spf: (.pass, "mail.example.org")).result == .fail)
        #expect(await Self.evaluate(records: strict, dkim: [(.pass, "mail.example.org")]).result == .fail)
        #expect(await Self.evaluate(records: strict, spf: (.pass, "example.org")).result == .pass)
    }

    @Test func `domains under a public suffix are strangers to each other`() async {
        let records: [String: TableResolver.Entry] = ["_dmarc.anna.co.uk": .txt("v=DMARC1; p=reject")]
        let outcome = await Self.evaluate(from: "From: a@anna.co.uk", records: records, spf: (.pass, "eve.co.uk"))
        #expect(outcome.result == .fail)
    }

    @Test func `a name below asks its organization, whose policy for names below counts`() async {
        let records: [String: TableResolver.Entry] = [
            "_dmarc.example.org": .txt("v=DMARC1; p=reject; sp=quarantine")
        ]
        let outcome = await Self.evaluate(from: "From: a@x.y.example.org", records: records)
        #expect(outcome.result == .fail && outcome.policy == .quarantine && outcome.domain == "x.y.example.org")
    }

    @Test(arguments: [
        ("v=DMARC1; p=none", DMARC.Policy.none), ("v=DMARC1;p=REJECT;", .reject),
        ("v=DMARC1; p=odd; rua=mailto:a@b", .none),
        ("v=DMARC1; p=reject; sp=odd; pct=odd", .reject), ("v = DMARC1 ; p = quarantine", .quarantine),
    ])
    func `records are read`(_ text: String, _ wanted: DMARC.Policy) async {
        let outcome = await Self.evaluate(records: ["_dmarc.example.org": .txt(text)])
        #expect(outcome.policy == wanted)
    }

    @Test func `records that are none`() async {
        #expect(await Self.evaluate(records: ["_dmarc.example.org": .txt("v=DMARC1; p=odd")]).result == .permerror)
        #expect(await Self.evaluate(records: ["_dmarc.example.org": .txt("v=DMARC2; p=reject")]).result == .none)
        #expect(await Self.evaluate(records: ["_dmarc.example.org": .txt("v=DMARC10; p=reject")]).result == .none)
        #expect(await Self.evaluate(records: ["_dmarc.example.org": .txt("p=reject; v=DMARC1")]).result == .none)
        #expect(await Self.evaluate(records: ["_dmarc.example.org": .temporaryFailure]).result == .temperror)
    }

    @Test func `a share of the failing messages falls under the policy`() async {
        let records: [String: TableResolver.Entry] = ["_dmarc.example.org": .txt("v=DMARC1; p=reject; pct=30")]
        #expect(await Self.evaluate(records: records, draw: 30).policy == .reject)
        #expect(await Self.evaluate(records: records, draw: 31).policy == .quarantine)
    }

    @Test(arguments: [
        "From: anna@example.org, eve@free.example", "From: eve@free.example, anna@example.org",
        "From: eve@free.example\r\nFrom: anna@example.org", "From: \"anna\" <anna@EXAMPLE.org>",
    ])
    func `no author hides behind another`(_ from: String) async {
        let outcome = await Self.evaluate(from: from, records: Self.reject, spf: (.pass, "free.example"))
        #expect(outcome.result == .fail && outcome.policy == .reject && outcome.domain == "example.org")
    }

    @Test func `internationalized names are compared as A-labels`() async {
        let records: [String: TableResolver.Entry] = ["_dmarc.xn--bcher-kva.example": .txt("v=DMARC1; p=reject")]
        let outcome = await Self.evaluate(
            from: "From: a@bücher.example", records: records, dkim: [(.pass, "xn--bcher-kva.example")])
        #expect(outcome.result == .pass)
    }

    @Test func `authors that cannot be looked up`() async {
        #expect(await Self.evaluate(from: "From: a@[192.0.2.1]", records: [:]).result == .permerror)
        #expect(await Self.evaluate(from: "Sender: a@example.org", records: Self.reject).result == .none)
        let many = (0..<20).map { "a@d\($0).example" }.joined(separator: ", ")
        #expect(await Self.evaluate(from: "From: " + many, records: [:]).result == .permerror)
    }
}
