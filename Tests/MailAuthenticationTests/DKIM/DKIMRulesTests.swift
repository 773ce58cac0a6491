// SPDX-License-Identifier: Apache-2.0
import Crypto
import DNSClient
import Foundation
import Testing

@testable import MailAuthentication

/// What makes a signature worthless, and what it withstands.
@Suite struct DKIMRulesTests {
    static let key = Curve25519.Signing.PrivateKey()
    static let record = "v=DKIM1; k=ed25519; p=\(key.publicKey.rawRepresentation.base64EncodedString())"
    static let text = "From: anna@example.org\r\nSubject: one\r\nTo: bob@example.net\r\n\r\nA line.\r\nAnother.\r\n"

    static func signed(_ text: String = text) throws -> String {
        let field = try DKIMSigner(message: Array(text.utf8)).field(
            domain: "example.org", selector: "s1", algorithm: .ed25519, privateKey: key.rawRepresentation, seconds: 1000
        )
        return field + text
    }

    static func verify(
        _ message: String, record: TableResolver.Entry = .txt(record), seconds: Int = 2000
    ) async -> [DKIM.Outcome] {
        await Example.verify(
            Array(message.utf8), seconds: seconds, resolver: TableResolver(["s1._domainkey.example.org": [record]]))
    }

    /// A signature with other tags than our own signer makes, over From and Subject, relaxed.
    static func signed(tags: String, names: String = "from:subject", body: String? = nil) throws -> String {
        let text = Self.text
        let start = try #require(text.range(of: "\r\n\r\n")).upperBound
        let hash = try #require(Canonicalization.relaxed.bodyHash(Array((body ?? String(text[start...])).utf8)[...]))
        let empty =
            "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.org; s=s1; h=\(names); bh=\(base64(hash));"
            + " \(tags) b="
        var input: [UInt8] = []
        for name in names.split(separator: ":") {
            for line in text[..<start].split(separator: "\r\n") where line.lowercased().hasPrefix(name + ":") {
                input += Canonicalization.relaxed.field(Array("\(line)\r\n".utf8))
            }
        }
        input += Canonicalization.relaxed.field(Array(empty.utf8)).dropLast(2)
        let signature = try key.signature(for: Data(SHA256.hash(data: input)))
        return empty + signature.base64EncodedString() + "\r\n" + text
    }

    @Test func `our own signatures verify, folded on the way too`() async throws {
        let message = try Self.signed()
        #expect(await Self.verify(message).map(\.result) == [.pass])
        let refolded = message.replacing("Subject: one", with: "SUBJECT :\r\n\tone  ")
        #expect(await Self.verify(refolded).map(\.result) == [.pass])
    }

    @Test func `an RSA signature of ours verifies`() async throws {
        let made = try RSAKey.make()
        let text = Self.text
        let field = try DKIMSigner(message: Array(text.utf8)).field(
            domain: "example.org", selector: "s1", algorithm: .rsa, privateKey: made.privateKey, seconds: 1)
        let outcomes = await Self.verify(field + text, record: .txt("v=DKIM1; p=" + base64(made.publicKey)))
        #expect(outcomes.map(\.result) == [.pass])
    }

    @Test(arguments: [
        ("A line.", "A lime.", "body changed"), ("one", "two", "signature does not match"),
        ("bob@", "eve@", "signature does not match"),
        ("From: anna", "From: eve@x.example\r\nFrom: anna", "signature does not match"),
    ])
    func `a change is found`(_ old: String, _ new: String, _ reason: String) async throws {
        let outcome = try #require(await Self.verify(try Self.signed().replacing(old, with: new)).first)
        #expect(outcome.result == .fail && outcome.reason == reason)
    }

    @Test func `a second From under the signed one is found`() async throws {
        let message = try Self.signed().replacing("To: bob", with: "From: eve@example.net\r\nTo: bob")
        #expect(await Self.verify(message).map(\.result) == [.fail])
    }

    @Test(arguments: [
        ("x=1999;", DKIM.Result.policy), ("x=2000;", .pass), ("t=3000; x=2500;", .permerror), ("x=soon;", .permerror),
        ("i=@example.org;", .pass), ("i=anna@sub.example.org;", .pass), ("i=@example.com;", .permerror),
        ("i=@badexample.org;", .permerror), ("q=dns/txt;", .pass), ("q=http;", .permerror), ("l=9;", .fail),
        ("l=9999;", .fail), ("zz=unknown;", .pass), ("v=1;", .permerror),
    ])
    func `tags count`(_ tags: String, _ wanted: DKIM.Result) async throws {
        #expect(await Self.verify(try Self.signed(tags: tags)).map(\.result) == [wanted])
    }

    @Test func `a signed length leaves the rest of the body open`() async throws {
        let message = try Self.signed(tags: "l=9;", body: "A line.\r\n")
        #expect(await Self.verify(message).map(\.result) == [.pass])
        #expect(await Self.verify(message + "More.\r\n").map(\.result) == [.pass])
    }

    @Test func `From must be signed`() async throws {
        let outcome = try #require(await Self.verify(try Self.signed(tags: "", names: "subject")).first)
        #expect(outcome.result == .permerror && outcome.reason == "From is not signed")
    }

    @Test(arguments: [
        ("v=DKIM1; k=ed25519; p=", DKIM.Result.permerror), ("v=DKIM2; k=ed25519; p=KEY", .permerror),
        ("k=ed25519; p=KEY", .pass), ("v=DKIM1; k=ed25519; h=sha1; p=KEY", .permerror),
        ("v=DKIM1; k=ed25519; h=sha1:sha256; p=KEY", .pass), ("v=DKIM1; k=ed25519; s=chat; p=KEY", .permerror),
        ("v=DKIM1; k=ed25519; s=chat : email; p=KEY", .pass), ("v=DKIM1; k=rsa; p=KEY", .permerror),
        ("v=DKIM1; k=ed25519; p=AAAA", .permerror), ("k=ed25519; v=DKIM1; p=KEY", .permerror), ("hello", .permerror),
        ("v=DKIM1; k=ed25519; t=y:s; p=KEY", .pass),
    ])
    func `records count`(_ record: String, _ wanted: DKIM.Result) async throws {
        let key = Self.key.publicKey.rawRepresentation.base64EncodedString()
        let outcomes = await Self.verify(try Self.signed(), record: .txt(record.replacing("KEY", with: key)))
        #expect(outcomes.map(\.result) == [wanted])
    }

    @Test func `a strict key refuses identities below its domain`() async throws {
        let message = try Self.signed(tags: "i=anna@sub.example.org;")
        #expect(await Self.verify(message, record: .txt(Self.record + "; t=s")).map(\.result) == [.permerror])
    }

    @Test func `no answer is temporary, no key is not`() async throws {
        #expect(await Self.verify(try Self.signed(), record: .temporaryFailure).map(\.result) == [.temperror])
        let outcomes = await Example.verify(Array(try Self.signed().utf8), resolver: TableResolver())
        #expect(outcomes.map(\.result) == [.permerror])
    }

    @Test func `SHA-1 and short keys prove nothing`() async throws {
        let sha1 = try Self.signed().replacing("ed25519-sha256", with: "rsa-sha1")
        #expect(await Self.verify(sha1).first?.reason == "algorithm not accepted")
        let short = try #require(ARCSuiteTests.scenarios.compactMap { $0.records["512._domainkey.example.org"] }.first)
        guard case .weak = try #require(PublicKeyRecord(Array(short.utf8))).key else {
            Issue.record("512 bits are accepted")
            return
        }
    }

    @Test func `signatures past the limit are not looked at`() async throws {
        let one = try Self.signed(tags: "").replacing(Self.text, with: "")
        let resolver = TableResolver(["s1._domainkey.example.org": [.txt(Self.record)]])
        let message = String(repeating: one, count: DKIM.signatures + 5) + Self.text
        let outcomes = await Example.verify(Array(message.utf8), resolver: resolver)
        #expect(outcomes.map(\.result) == Array(repeating: .pass, count: DKIM.signatures))
        #expect(resolver.queries == DKIM.signatures)
    }
}
