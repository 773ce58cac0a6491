// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import GRDB
import MailFormat
import SealedSQLite
import TestSupport
import Testing

@testable import MailStore

/// Texts are indexed behind the deliveries: nothing is missed, indexed twice or left behind.
@Suite struct TextBacklogTests {
    @Test func aDeliveryWaitsForNoIndex() async throws {
        let fixture = try await Fixture()
        for number in 1...70 { _ = try await fixture.store.deliver(message("letter \(number)")) }
        #expect(try await fixture.waiting() == 70)
        #expect(try await fixture.store.indexTexts())
        #expect(try await fixture.waiting() == 6)
        #expect(try await !fixture.store.indexTexts())
        #expect(try await fixture.waiting() == 0)
        #expect(try await fixture.store.check(searchIndex: true).findings == [])
    }

    @Test func theBacklogIsBounded() async throws {
        var limits = StoreLimits()
        limits.unindexedMessages = 20
        let fixture = try await Fixture(limits: limits)
        for number in 1...300 {
            _ = try await fixture.store.deliver(message("letter \(number)"))
            #expect(try await fixture.waiting() <= 20 + 64)
        }
        var bytes = StoreLimits()
        bytes.unindexedBytes = 1_000_000
        let other = try await Fixture(limits: bytes)
        for number in 1...12 {
            _ = try await other.store.deliver(message("\(number)", String(repeating: "many words ", count: 100_000)))
            let waiting = try await other.store.read { db in
                try Int.fetchOne(db, sql: "SELECT coalesce(sum(size), 0) FROM unindexed")
            }
            #expect(try #require(waiting) < 12_000_000)
        }
    }

    /// Several processes deliver, index, search and expunge at once.
    @Test func processesShareIt() async throws {
        let fixture = try await Fixture()
        let others = [fixture.another(), fixture.another()]
        let inbox = try await fixture.store.mailbox(named: .inbox)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, directory) in (others + [fixture.directory]).enumerated() {
                let store = try await directory.store(for: fixture.account)
                group.addTask { try await Self.deliverAndSearch(number, store, inbox) }
                group.addTask { for _ in 0..<40 { try await store.indexTexts() } }
            }
            try await group.waitForAll()
        }
        #expect(try await fixture.store.search(.body("marked words"), in: inbox).uids.count == 180 - 36)
        while try await fixture.store.indexTexts() {}
        #expect(try await fixture.store.search(.body("marked words"), in: inbox).uids.count == 180 - 36)
        #expect(try await fixture.store.check(searchIndex: true).findings == [])
        for directory in others { await directory.close() }
    }

    private static func deliverAndSearch(_ number: Int, _ store: AccountStore, _ inbox: MailboxID) async throws {
        for letter in 0..<60 {
            let name = "\(number)-\(letter) of sixty"
            let uid = try await store.deliver(message(name, "marked words")).uid
            let found = try await store.search(.header("subject", name), in: inbox)
            #expect(found.uids == [uid])
            if letter % 5 == number { _ = try await store.expunge([uid], in: inbox) }
        }
    }

    @Test func whatIsExpungedBeforeIsNoneTheLess() async throws {
        var limits = StoreLimits()
        limits.bodyGraceSeconds = -10
        let fixture = try await Fixture(limits: limits)
        let inbox = try await fixture.store.deliver(message("one")).mailbox
        _ = try await fixture.store.deliver(message("two"))
        _ = try await fixture.store.expunge([1], in: inbox)
        let (_, before) = try await fixture.store.maildrop()
        #expect(before.count == 1)
        while try await fixture.store.tidy() {}
        #expect(try await fixture.waiting() == 0)
        #expect(try await fixture.store.check(searchIndex: true).findings == [])
        #expect(try await fixture.store.search(.text("one"), in: inbox).uids == [])
        #expect(try await fixture.store.search(.text("two"), in: inbox).uids == [2])
    }

    /// One that cannot be read stops neither the index nor a delivery, and is no match that was never looked at.
    @Test func aDamagedMessageHoldsUpNoOther() async throws {
        let fixture = try await Fixture()
        let inbox = try await fixture.store.deliver(message("first", "damaged")).mailbox
        _ = try await fixture.store.deliver(message("second", "whole"))
        try await fixture.store.write { try $0.execute(sql: "UPDATE chunks SET data = x'00' WHERE id = 1 << 12") }
        while try await fixture.store.indexTexts() {}
        #expect(try await fixture.waiting() == 0)
        #expect(try await fixture.store.search(.and([.uids([2]), .text("whole")]), in: inbox).uids == [2])
        await #expect(throws: StoreError.damaged) { try await fixture.store.search(.text("damaged"), in: inbox) }
    }

    /// The loop that services run, until nothing waits any more.
    @Test func itIsIndexedWhenNothingMoreComes() async throws {
        let fixture = try await Fixture()
        let loop = Task { await fixture.directory.indexTexts(after: .milliseconds(1)) }
        for number in 1...5 { _ = try await fixture.store.deliver(message("letter \(number)")) }
        try await fixture.store.withFile { file in
            let waiting = ValueObservation.tracking { try Int.fetchOne($0, sql: "SELECT count(*) FROM unindexed") }
            for try await count in waiting.values(in: file.pool) where count == 0 { break }
        }
        loop.cancel()
        await loop.value
        #expect(try await fixture.store.check(searchIndex: true).findings == [])
    }

    /// A file of the release before: its texts stay as they are, and it is not for that release any more.
    @Test func olderFilesGoOn() async throws {
        let folder = try TemporaryFolder()
        let (key, account) = (SealedKey.random(), AccountID.random())
        let path = "\(folder.path)/\(account).db"
        let older = AccountFile.migrations.filter { $0.number < 6 }
        try SealedDatabase.create(path: path, key: key, migrations: older)
        let part = MIMEPart(parsing: message("of old"))
        let structure = try Data([1]) + JSONEncoder().encode(part)
        let queue = try SealedDatabase.openQueue(path: path, key: key, migrations: older)
        try await queue.write { db in
            let bytes = Data(message("of old"))
            try db.execute(
                sql:
                    "INSERT INTO bodies (id, size, header_size, lead, chunk, structure) VALUES (1, ?1, ?2, ?1, 131072, ?3)",
                arguments: [bytes.count, part.header.upperBound, structure])
            try db.execute(sql: "INSERT INTO chunks (id, data) VALUES (1 << 12, ?)", arguments: [bytes])
            try db.execute(
                sql: """
                    INSERT INTO messages (id, mailbox, body, modseq, flags, size, internal_date, zone)
                    VALUES (1 << 32 | 1, 1, 1, 1, 0, ?, 0, 0)
                    """, arguments: [bytes.count])
            try db.execute(
                sql: """
                    INSERT INTO texts (body, header, content, complete) VALUES (1, 'subject: of old', 'hello.', 1);
                    UPDATE mailboxes SET uid_next = 2, modseq = 1 WHERE id = 1;
                    """)
        }
        try queue.close()
        let directory = AccountDirectory(root: folder.path, limit: 1) { AccountFileKey($0, key) }
        let store = try await directory.store(for: account)
        let inbox = try await store.deliver(message("of today")).mailbox
        #expect(try await store.search(.header("subject", "of"), in: inbox).uids == [1, 2])
        let found = try await store.metadata(of: .all, in: inbox, with: [.header, .structure])
        #expect(found.map(\.structure?.envelope?.subject) == ["of old", "of today"])
        #expect(try await store.check(searchIndex: true).findings == [])
        await directory.close()
        #expect(throws: SealedError.self) { try SealedDatabase.openQueue(path: path, key: key, migrations: older) }
    }
}
