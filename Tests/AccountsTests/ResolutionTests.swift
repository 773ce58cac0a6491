// SPDX-License-Identifier: Apache-2.0
import MailFormat
import Testing

@testable import Accounts

@Suite struct ResolutionTests {
    @Test func table() async throws {
        let fixture = try Fixture()
        let directory = fixture.directory
        try await directory.addDomain("example.org", by: "test")
        try await directory.addDomain("Second.Example", by: "test")
        try await directory.addDomain("münchen.example", by: "test")
        let admin = try await fixture.add("Admin@example.org", administrator: true)
        let anna = try await fixture.add("anna@example.org")
        let bert = try await fixture.add("bert@second.example")
        let gone = try await fixture.add("gone@example.org")
        try await directory.setDisabled("gone@example.org", true, by: "test")
        try await directory.addAlias("both@example.org", to: ["anna@example.org", "bert@second.example"], by: "test")
        try await directory.addAlias("over@second.example", to: ["both@example.org"], by: "test")
        try await directory.addAlias("partly@example.org", to: ["gone@example.org", "anna@example.org"], by: "test")
        try await directory.addAlias("abuse@second.example", to: ["bert@second.example"], by: "test")

        let table: [(String, Resolution)] = [
            ("anna@example.org", .accounts([anna])), ("ANNA@EXAMPLE.ORG", .accounts([anna])),
            ("anna+shop@example.org", .accounts([anna])), ("Anna+a+b@example.org", .accounts([anna])),
            ("\"anna\"@example.org", .accounts([anna])), ("anna@second.example", .unknown),
            ("+anna@example.org", .unknown), ("nobody@example.org", .unknown),
            ("bert@second.example", .accounts([bert])),
            ("both@example.org", .accounts([anna, bert])), ("both+x@example.org", .accounts([anna, bert])),
            ("over@second.example", .accounts([anna, bert])), ("partly@example.org", .accounts([anna])),
            ("gone@example.org", .disabled), ("postmaster@example.org", .accounts([admin])),
            ("Postmaster@Example.org", .accounts([admin])), ("abuse@example.org", .accounts([admin])),
            ("postmaster@second.example", .accounts([admin])), ("abuse@second.example", .accounts([bert])),
            ("abuse@xn--mnchen-3ya.example", .accounts([admin])), ("abuse@münchen.example", .accounts([admin])),
            ("anna@elsewhere.example", .notLocal), ("postmaster@elsewhere.example", .notLocal),
            ("anna@sub.example.org", .notLocal),
        ]
        for (address, expected) in table {
            #expect(try await fixture.resolve(address) == expected, "\(address)")
        }
        let postmaster = try #require(MailAddress(localPart: "Postmaster", domain: ""))
        #expect(try await directory.resolve(recipient: postmaster) == .accounts([admin]))
        #expect(try await directory.isLocal(domain: "EXAMPLE.org"))
        #expect(try await directory.isLocal(domain: "MÜNCHEN.example"))
        #expect(try await !directory.isLocal(domain: "elsewhere.example"))

        let rights: [(AccountID, String, Bool)] = [
            (anna, "anna@example.org", true), (anna, "Anna+x@example.org", true), (anna, "both@example.org", true),
            (anna, "over@second.example", true), (anna, "bert@second.example", false),
            (anna, "postmaster@example.org", false), (admin, "postmaster@example.org", true),
            (admin, "abuse@example.org", true), (admin, "anna@example.org", false), (bert, "both@example.org", true),
            (anna, "anna@elsewhere.example", false), (gone, "gone@example.org", false),
            (anna, "nobody@example.org", false),
        ]
        for (account, address, expected) in rights {
            #expect(try await directory.mayUse(account, MailAddress(parsing: address)!) == expected, "\(address)")
        }
    }

    @Test func aliasLoopsEnd() async throws {
        let fixture = try Fixture()
        let directory = fixture.directory
        try await directory.addDomain("example.org", by: "test")
        let anna = try await fixture.add("anna@example.org")
        try await directory.addAlias("a@example.org", to: ["anna@example.org"], by: "test")
        try await directory.addAlias("b@example.org", to: ["a@example.org"], by: "test")
        try await directory.addAlias("a@example.org", to: ["b@example.org"], by: "test")
        #expect(try await fixture.resolve("a@example.org") == .accounts([anna]))
        #expect(try await fixture.resolve("b@example.org") == .accounts([anna]))
        await #expect(throws: DirectoryError.self) {
            try await directory.addAlias("c@example.org", to: ["c@example.org"], by: "test")
        }
        await #expect(throws: DirectoryError.aliasTarget("x@elsewhere.example")) {
            try await directory.addAlias("c@example.org", to: ["x@elsewhere.example"], by: "test")
        }
        try await directory.removeAccount("anna@example.org", by: "test")
        #expect(try await fixture.resolve("a@example.org") == .unknown)
    }
}
