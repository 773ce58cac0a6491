// SPDX-License-Identifier: Apache-2.0
import SealedSQLite
import Testing

@testable import Accounts

@Suite struct QuotaTests {
    @Test(arguments: [
        ("1", 1), ("500M", 500 << 20), ("5g", 5 << 30), ("2T", 2 << 40), ("10K", 10 << 10), ("1024T", 1 << 50),
        ("007", 7), ("1125899906842624", 1 << 50),
    ])
    func sizesAsPeopleWriteThem(text: String, bytes: Int) { #expect(ByteSize.parse(text) == bytes) }

    @Test(arguments: [
        "", "0", "0G", "-1", "+1", "1.5G", "G", "5GB", "5 G", "1025T", "1125899906842625", "9999999999999999T", "٣",
        "1K\0",
    ])
    func whatIsNoSize(text: String) { #expect(ByteSize.parse(text) == nil) }

    @Test func shortTexts() {
        #expect(
            [0, 1_023, 1_024, 1_536, 5 << 30, (5 << 30) - 1, 1 << 50].map(ByteSize.text)
                == ["0", "1023", "1K", "1.5K", "5G", "4.9G", "1024T"])
    }

    @Test func theAccountsWordThenItsDomains() async throws {
        let fixture = try Fixture()
        try await fixture.directory.addDomain("example.org", by: "test")
        let anna = try await fixture.add("anna@example.org")
        let control = try fixture.again()
        // What one process sets is what the next question of another is told.
        func limit() async throws -> Int? { try await fixture.directory.quota(of: anna) }
        #expect(try await limit() == nil)
        try await control.setQuota(domain: "Example.org", to: 5_000, by: "test")
        #expect(try await limit() == 5_000)
        try await control.setQuota(of: "ANNA@example.org", to: .bytes(7_001), by: "test")
        #expect(try await limit() == 7_001)
        try await control.setQuota(of: "anna@example.org", to: .unlimited, by: "test")
        #expect(try await limit() == nil)
        try await control.setQuota(of: "anna@example.org", to: .byDomain, by: "test")
        #expect(try await limit() == 5_000)
        #expect(try await control.quota(domain: "example.org") == 5_000)
        #expect(try await control.domains().map(\.quota) == [5_000])
        let account = try await control.account("anna@example.org")
        #expect(account.quota == .byDomain && account.limit == 5_000)
        #expect(try await control.audit(limit: 1).map(\.action) == ["account quota"])
        try await control.setQuota(domain: "example.org", to: nil, by: "test")
        #expect(try await limit() == nil)
    }

    @Test func whatCannotBeSet() async throws {
        let fixture = try Fixture()
        let directory = fixture.directory
        try await directory.addDomain("example.org", by: "test")
        try await fixture.add("anna@example.org")
        for bytes in [0, -1, (1 << 50) + 1] {
            await #expect(throws: DirectoryError.quotaOutOfRange) {
                try await directory.setQuota(of: "anna@example.org", to: .bytes(bytes), by: "test")
            }
            await #expect(throws: DirectoryError.quotaOutOfRange) {
                try await directory.setQuota(domain: "example.org", to: bytes, by: "test")
            }
        }
        await #expect(throws: DirectoryError.noSuchDomain("elsewhere.example")) {
            try await directory.setQuota(domain: "elsewhere.example", to: 1, by: "test")
        }
        await #expect(throws: DirectoryError.noSuchDomain("elsewhere.example")) {
            _ = try await directory.quota(domain: "elsewhere.example")
        }
        await #expect(throws: DirectoryError.noSuchAccount("bob@example.org")) {
            try await directory.setQuota(of: "bob@example.org", to: .unlimited, by: "test")
        }
        let nobody = AccountID.random()
        await #expect(throws: DirectoryError.noSuchAccount(nobody.description)) {
            _ = try await directory.quota(of: nobody)
        }
    }

    /// config.db as the first release made it: without limits afterwards, and still good for that release.
    @Test func filesOfTheFirstReleaseHaveNoLimits() async throws {
        let fixture = try Fixture()
        let first = Array(Schema.migrations.prefix { $0.number == 1 })
        let path = fixture.folder.file("old.db")
        let key = SealedKey.random()
        try SealedDatabase.create(path: path, key: key, migrations: first)
        let old = try SealedDatabase.openPool(path: path, key: key, migrations: first)
        try await old.write { db in
            try db.execute(
                sql: """
                    INSERT INTO domains (name, created) VALUES ('example.org', 1);
                    INSERT INTO accounts (id, domain, name, display_name, created) VALUES ('a', 1, 'anna', '', 1);
                    """)
        }
        let new = try SealedDatabase.openPool(path: path, key: key, migrations: Schema.migrations)
        let found = try await new.read { db in
            try Bool.fetchOne(
                db, sql: "SELECT a.quota IS NULL AND d.quota IS NULL FROM accounts a JOIN domains d ON d.id = 1")
        }
        #expect(found == true)
        try await old.write { db in
            try db.execute(
                sql: "INSERT INTO accounts (id, domain, name, display_name, created) VALUES ('b', 1, 'bob', '', 1)")
        }
        _ = try SealedDatabase.openPool(path: path, key: key, migrations: first)
    }
}
