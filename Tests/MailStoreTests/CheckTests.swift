// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import GRDB
import SealedSQLite
import Testing

@testable import MailStore

@Suite struct CheckTests {
    /// Three small messages and one of several chunks, one of them copied, one expunged.
    static func filled() async throws -> Fixture {
        let fixture = try await Fixture()
        let store = fixture.store
        let inbox = try await store.mailbox(named: .inbox)
        for number in 1...3 { _ = try await store.deliver(message("small \(number)")) }
        let text = (0..<1_500).map { "line \($0) of a long message" }.joined(separator: "\r\n")
        _ = try await store.append(message("large", text), to: inbox, flags: MessageFlags(.seen, keywords: ["$kept"]))
        _ = try await store.copy([1], from: inbox, to: name("Archive"))
        _ = try await store.expunge([3], in: inbox)
        while try await store.indexTexts() {}
        _ = try await store.deliver(message("waits for the index"))
        return fixture
    }

    @Test func aSoundFileIsSound() async throws {
        let fixture = try await Self.filled()
        let report = try await fixture.store.check(searchIndex: true)
        #expect(report.findings == [])
        #expect(report.messages == 5)
        #expect(report.bytes > 40_000)
    }

    @Test(arguments: [
        ("DELETE FROM account", "the row of the account"),
        ("UPDATE mailboxes SET unseen = unseen + 1 WHERE name = 'INBOX'", "figures of STATUS"),
        ("UPDATE account SET message_bytes = message_bytes + 1", "against the quota is not the sum, of messages"),
        ("UPDATE account SET messages = 0", "against the quota is not the sum, of messages"),
        ("UPDATE account SET object_bytes = 7", "against the quota is not the sum, of calendars and contacts"),
        ("UPDATE account SET modseq = 1", "is past the account's"),
        ("UPDATE messages SET mailbox = 3 WHERE id & 0xFFFF = 2", "not its key's"),
        ("UPDATE messages SET modseq = 99999", "is past its mailbox's"),
        ("UPDATE messages SET flags = flags | (1 << 40)", "a flag has no keyword"),
        ("UPDATE bodies SET size = size + 1 WHERE id = 2", "another size"),
        ("UPDATE bodies SET links = 7 WHERE id = 1", "number of links"),
        ("UPDATE bodies SET released = NULL", "number of links"),
        ("INSERT INTO chunks VALUES (99 << 12, x'00')", "chunks belong to no body: 99"),
        ("DELETE FROM texts WHERE body = 1", "text for searches is missing, of body 1"),
        ("DELETE FROM unindexed", "text for searches is missing, of body 5"),
        ("INSERT INTO unindexed VALUES (1, 1)", "indexed and waits for that too, of body 1"),
        ("INSERT INTO unindexed VALUES (99, 1)", "belongs to no body: 99"),
        ("UPDATE changes SET last = 900", "recorded as gone"),
        ("UPDATE bodies SET structure = x'017B' WHERE id = 1", "parsed structure"),
        ("UPDATE bodies SET structure = substr(structure, 1, 40) WHERE id = 1", "parsed structure"),
        ("DELETE FROM chunks WHERE id = 4 << 12 | 1", "bytes are missing or damaged, of UID 4 of INBOX"),
        ("UPDATE chunks SET data = x'00' WHERE id = 1 << 12", "of UID 1 of INBOX, UID 1 of Archive"),
        (
            "INSERT INTO text_index(text_index, rowid, header, content) SELECT 'delete', body, header, content FROM texts",
            "search index"
        ),
    ])
    func whatIsWrongIsFound(statement: String, finding: String) async throws {
        let fixture = try await Self.filled()
        try await fixture.store.write { try $0.execute(sql: "PRAGMA defer_foreign_keys = 1; \(statement)") }
        let report = try await fixture.store.check(searchIndex: true)
        #expect(report.findings.contains { $0.contains(finding) }, "\(report.findings)")
    }

    @Test func aFileWithAnotherKeyIsDamaged() async throws {
        let fixture = try await Self.filled()
        await fixture.directory.close()
        let other = AccountDirectory(root: fixture.root, limit: 1) { AccountFileKey($0, .random()) }
        let report = try await other.store(for: fixture.account).check()
        #expect(!report.isSound)
        await other.close()
    }
}
