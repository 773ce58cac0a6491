// SPDX-License-Identifier: Apache-2.0
import DNSClient
import Testing

@testable import MailAuthentication

/// The examples of the RFCs.
@Suite struct DKIMVectorTests {
    @Test func `RFC 6376 A.2, simple and RSA`() async throws {
        let resolver = TableResolver(["brisbane._domainkey.example.com": [.txt(Example.rsaKey)]])
        let outcomes = await Example.verify(Example.bytes(Example.signed), resolver: resolver)
        #expect(outcomes.map(\.result) == [.pass])
        #expect(outcomes.first?.domain == "example.com" && outcomes.first?.selector == "brisbane")
        #expect(outcomes.first?.signature == "AuUoFEfD")
    }

    @Test func `RFC 8463 A.3, relaxed, Ed25519 beside RSA`() async throws {
        let outcomes = await Example.verify(
            Example.bytes(Example.signedTwice), resolver: TableResolver(Example.football))
        #expect(outcomes.map(\.result) == [.pass, .pass])
        #expect(outcomes.map(\.algorithm) == [.ed25519, .rsa])
    }

    @Test(arguments: [
        ("", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY="),
        ("\r\n\r\n", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY="),
    ])
    func `empty bodies have the hashes that sections 3.4.3 and 3.4.4 name`(
        _ body: String, _ relaxed: String, _ simple: String
    ) {
        let bytes = Array(body.utf8)[...]
        #expect(Canonicalization.relaxed.bodyHash(bytes).map(base64) == relaxed)
        #expect(Canonicalization.simple.bodyHash(bytes).map(base64) == simple)
    }

    /// The example of section 3.4.5.
    @Test func `canonical forms of fields`() {
        let a = Array("A: X\r\n".utf8)
        let b = Array("B : Y\t\r\n\tZ  \r\n".utf8)
        #expect(Canonicalization.relaxed.field(a) + Canonicalization.relaxed.field(b) == Array("a:X\r\nb:Y Z\r\n".utf8))
        #expect(Canonicalization.simple.field(b) == b)
    }

    @Test func `canonical forms of a body`() {
        let body = Array(" C \r\nD \t E\r\n\r\n\r\n".utf8)[...]
        let relaxed = Array(" C\r\nD E\r\n".utf8)[...]
        let simple = Array(" C \r\nD \t E\r\n".utf8)[...]
        #expect(Canonicalization.relaxed.bodyHash(body) == Canonicalization.simple.bodyHash(relaxed))
        #expect(Canonicalization.simple.bodyHash(body) == Canonicalization.simple.bodyHash(simple))
        #expect(Canonicalization.relaxed.bodyHash(body) != Canonicalization.simple.bodyHash(body))
    }
}
