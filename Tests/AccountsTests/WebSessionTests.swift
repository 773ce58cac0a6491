// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import SealedSQLite
import Synchronization
import TestSupport
import Testing

@testable import Accounts

@Suite struct WebSessionTests {
    private final class Clock: Sendable {
        let seconds = Mutex(1_800_000_000)
        var date: Date { Date(timeIntervalSince1970: TimeInterval(seconds.withLock { $0 })) }
        func pass(_ more: Int) { seconds.withLock { $0 += more } }
    }

    /// With anna@example.org, and a clock of its own.
    private func world() async throws -> (Fixture, Directory, Clock, AccountID) {
        let (fixture, clock) = (try Fixture(), Clock())
        try await fixture.directory.addDomain("example.org", by: "test")
        let id = try await fixture.add("anna@example.org")
        return (
            fixture, try Directory(dataFolder: fixture.folder.path, keys: fixture.keys, now: { clock.date }), clock, id
        )
    }

    @Test func itsTokenIsNotInTheFile() async throws {
        let (fixture, directory, _, id) = try await world()
        let token = try await directory.openWebSession(of: id)
        #expect(try await fixture.directory.webSession(token)?.address == "anna@example.org")
        let rows = try await directory.pool.read { try Data.fetchAll($0, sql: "SELECT hash FROM web_sessions") }
        #expect(rows == [token.hash] && token.hash.count == 32)
        #expect(WebSessionToken(token.text)?.hash == token.hash && token.text.count == 64)
        #expect(WebSessionToken(token.hash.map { String(format: "%02x", $0) }.joined())?.hash != token.hash)
        #expect("\(token)" == "WebSessionToken")
        for text in ["", "00", token.text + "0", String(repeating: "g", count: 64), String(repeating: "é", count: 32)] {
            #expect(WebSessionToken(text) == nil)
        }
        try await directory.closeWebSession(token)
        #expect(try await directory.webSession(token) == nil)
        try directory.close()
    }

    @Test func itEndsWhenNobodyComesAndInAnyCase() async throws {
        let (fixture, directory, clock, id) = try await world()
        let token = try await directory.openWebSession(of: id)
        clock.pass(WebSessionLimits.idle)
        #expect(try await directory.webSession(token) != nil)
        clock.pass(WebSessionLimits.idle)
        #expect(try await directory.webSession(token) != nil)
        clock.pass(WebSessionLimits.idle + 1)
        #expect(try await directory.webSession(token) == nil)
        let other = try await directory.openWebSession(of: id)
        for _ in 0..<(WebSessionLimits.life / WebSessionLimits.idle) {
            #expect(try await directory.webSession(other) != nil)
            clock.pass(WebSessionLimits.idle)
        }
        #expect(try await directory.webSession(other) != nil)
        clock.pass(1)
        #expect(try await directory.webSession(other) == nil)
        // What is over goes with the next log-in.
        _ = try await directory.openWebSession(of: id)
        #expect(try await directory.pool.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM web_sessions") } == 1)
        try directory.close()
        _ = fixture
    }

    @Test func anAccountHasSoManyAtOnce() async throws {
        let (fixture, directory, clock, id) = try await world()
        var tokens: [WebSessionToken] = []
        for _ in 0..<WebSessionLimits.perAccount + 2 {
            tokens.append(try await directory.openWebSession(of: id))
            clock.pass(1)
        }
        for (index, token) in tokens.enumerated() {
            #expect(try await (directory.webSession(token) != nil) == (index >= 2))
        }
        try directory.close()
        _ = fixture
    }

    @Test func itEndsWithThePasswordTheAccountAndItsRight() async throws {
        let (fixture, directory, _, id) = try await world()
        let (one, two) = (try await directory.openWebSession(of: id), try await directory.openWebSession(of: id))
        try await directory.setPassword(
            of: "anna@example.org", to: SecretBytes("another horse".utf8), by: "test", keeping: one)
        #expect(try await directory.webSession(one) != nil)
        #expect(try await directory.webSession(two) == nil)
        try await directory.setDisabled("anna@example.org", true, by: "test")
        #expect(try await directory.webSession(one) == nil)
        await #expect(throws: DirectoryError.self) { try await directory.openWebSession(of: id) }
        try await directory.setDisabled("anna@example.org", false, by: "test")
        let three = try await directory.openWebSession(of: id)
        try await directory.removeAccount("anna@example.org", by: "test")
        #expect(try await directory.webSession(three) == nil)
        try directory.close()
        _ = fixture
    }

    @Test func formsOfASessionFitOnlyThat() async throws {
        let (one, two) = (WebSessionToken.random(), WebSessionToken.random())
        #expect(one.fits(formToken: one.formToken))
        #expect(!one.fits(formToken: two.formToken) && !one.fits(formToken: one.text) && !one.fits(formToken: ""))
        #expect(WebSessionToken(one.formToken)?.hash != one.hash)
    }

    /// A config.db of the release before gets the table when it is opened.
    @Test func anOlderFileIsTakenUp() async throws {
        let (fixture, directory, _, id) = try await world()
        try await directory.pool.write { db in
            try db.execute(
                sql: """
                    DROP TABLE web_sessions;
                    ALTER TABLE domains DROP COLUMN quota;
                    ALTER TABLE accounts DROP COLUMN quota;
                    ALTER TABLE accounts DROP COLUMN zero_access;
                    ALTER TABLE accounts DROP COLUMN public_key;
                    CREATE TABLE kept AS SELECT id, account, kind, slot FROM account_slots;
                    DROP TABLE account_slots;
                    DROP TABLE app_passwords;
                    CREATE TABLE account_slots (
                        id INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, kind TEXT NOT NULL,
                        slot BLOB NOT NULL
                    );
                    INSERT INTO account_slots SELECT * FROM kept;
                    DROP TABLE kept;
                    UPDATE schema_version SET number = 1;
                    """)
        }
        try directory.close()
        let again = try fixture.again()
        #expect(try await again.webSession(try await again.openWebSession(of: id)) != nil)
        #expect(try again.fileKey(of: id).file == AccountFileName(id))
        try again.close()
    }

    @Test func accountsComeInPages() async throws {
        let (fixture, directory, _, _) = try await world()
        for name in ["bert", "carl", "dora"] { try await fixture.add("\(name)@example.org") }
        let names = { (list: (page: [AccountRecord], all: Int)) in list.page.map { $0.address.prefix { $0 != "@" } } }
        let two = try await directory.accounts(limit: 2, offset: 1)
        #expect(names(two) == ["bert", "carl"] && two.all == 4)
        let found = try await directory.accounts(of: "example.org", holding: "AR", limit: 10)
        #expect(names(found) == ["carl"] && found.all == 1)
        #expect(try await directory.accounts(holding: "%", limit: 10).all == 0)
        await #expect(throws: DirectoryError.noSuchDomain("x.example")) {
            _ = try await directory.accounts(of: "x.example", limit: 10)
        }
        try directory.close()
    }
}
