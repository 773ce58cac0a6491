// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import Testing

@testable import MailStore

/// SELECT of a large mailbox from saved columns and what changed since: always what the rows say.
@Suite struct SavedColumnsTests {
    /// More than a block of UIDs, of one message and its copies; saved.
    static func large() async throws -> (Fixture, MailboxID) {
        let fixture = try await Fixture()
        _ = try await fixture.store.deliver(message("one of many"))
        let inbox = try await fixture.store.mailbox(named: .inbox)
        for _ in 0..<15 { _ = try await fixture.store.copy(.all, from: inbox, to: .inbox) }
        while try await fixture.store.tidy() {}
        return (fixture, inbox)
    }

    static func saved(_ store: AccountStore, _ mailbox: MailboxID) async throws -> MessageColumns? {
        try await store.read { db in
            let row = try db.mailbox(mailbox)
            let saved = try db.savedColumns(of: row)
            let columns = try db.columns(of: row)
            if let saved { #expect(saved == columns) }
            return saved
        }
    }

    @Test func whatHappenedSinceIsInIt() async throws {
        let (fixture, inbox) = try await Self.large()
        let store = fixture.store
        #expect(try await Self.saved(store, inbox)?.count == 32768)

        _ = try await store.setFlags(.add(MessageFlags(.seen, keywords: ["$label1"])), of: [1, 77, 20_000], in: inbox)
        _ = try await store.expunge(UIDSet(ranges: [5...40, 16_380...16_390, 32_768...32_768]), in: inbox)
        _ = try await store.deliver(message("new"))
        #expect(try await Self.saved(store, inbox)?.count == 32768 - 48 + 1)
        let snapshot = try await store.select(.inbox)
        #expect(snapshot.messages.uids.last == 32769)
        #expect(snapshot.keywords.flags(snapshot.messages.flags[0]).keywords == ["$label1"])

        // Many changes, and a block that is empty: saved anew, in part.
        _ = try await store.expunge(UIDSet(16_384...32_767), in: inbox)
        _ = try await store.setFlags(.add(MessageFlags(.flagged)), of: UIDSet(1...3000), in: inbox)
        #expect(try await Self.saved(store, inbox) != nil)
        while try await store.tidy() {}
        #expect(try await Self.saved(store, inbox)?.uids.last == 32769)
        let parts = try await store.read { try Int64.fetchAll($0, sql: "SELECT id & 0xFFFFFFFF FROM column_parts") }
        #expect(parts == [0, 32768])
    }

    @Test func aMailboxThatGoesTakesThemAlong() async throws {
        let (fixture, inbox) = try await Self.large()
        _ = try await fixture.store.move(.all, from: inbox, to: name("Archive"))
        while try await fixture.store.tidy() {}
        let archive = try await fixture.store.mailbox(named: name("Archive"))
        #expect(try await Self.saved(fixture.store, archive)?.count == 32768)
        try await fixture.store.delete(name("Archive"))
        let left = try await fixture.store.read { db in
            try Int64.fetchAll(
                db, sql: "SELECT DISTINCT id >> 32 FROM column_parts UNION SELECT mailbox FROM saved_columns")
        }
        #expect(left == [inbox.rawValue])
        // What is saved of INBOX is of no use now, and does no harm.
        #expect(try await fixture.store.uids().isEmpty)
    }

    @Test func whatDoesNotFitIsNotUsed() async throws {
        let (fixture, inbox) = try await Self.large()
        for statement in [
            "UPDATE column_parts SET data = x'02' WHERE id & 0xFFFFFFFF = 0",
            "DELETE FROM column_parts WHERE id & 0xFFFFFFFF = 0",
        ] {
            try await fixture.store.write { try $0.execute(sql: statement) }
            #expect(try await Self.saved(fixture.store, inbox) == nil)
            #expect(try await fixture.store.uids().count == 32768)
        }
    }

    @Test(arguments: [UInt64(0xFF), 0x100, 0xFFFF_FFFF, 0x1_0000_0000, .max])
    func everyWidthComesBack(highest: UInt64) throws {
        var columns = MessageColumns()
        columns.append(uid: 16_384, flags: 0, modseq: 9)
        columns.append(uid: 16_390, flags: highest, modseq: highest)
        columns.append(uid: 32_767, flags: 1, modseq: highest / 2)
        let data = ColumnPart.encode(columns, first: 16_384)
        var back = MessageColumns()
        #expect(ColumnPart.append(data, first: 16_384, to: &back))
        #expect(back == columns)
        for count in 0..<data.count {
            #expect(!ColumnPart.append(data.prefix(count), first: 16_384, to: &back))
        }
        #expect(back == columns)
    }

    /// Nothing that runs at each SELECT or delivery passes over a table that grows with the mail.
    @Test(arguments: [
        "SELECT \(MailboxRow.columns) FROM mailboxes WHERE name = 'INBOX'",
        "SELECT id, data FROM column_parts WHERE id BETWEEN 1 AND 2 ORDER BY id",
        "SELECT id, flags, modseq FROM messages WHERE mailbox = 1 AND modseq > 2 ORDER BY id",
        "SELECT first, last FROM changes WHERE kind = 1 AND collection = 1 AND modseq > 2",
        "SELECT mailbox, uid_validity, uid, modseq FROM delivery_keys WHERE key = 'k'",
    ])
    func noStatementScans(sql: String) async throws {
        let fixture = try await Fixture()
        let plan = try await fixture.store.read { db in
            try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + sql).map { $0["detail"] as String }
        }
        #expect(!plan.isEmpty && !plan.contains { $0.contains("SCAN") }, "\(plan)")
    }
}
