// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import GRDB
import MailStore
import SealedSQLite
import TestSupport
import Testing

/// One flipped bit in each page, in turn, of a zero-access account's file that was closed.
@Suite struct DamagedPageTests {
    private static let letters = 30
    /// A page of these may cost all of them.
    private static let leadingToAll = ["sqlite_schema", "mailboxes", "messages", "bodies", "keywords"]

    private struct Page {
        var table: String
        var rows: Int
        var isInner: Bool
    }

    @Test func theOwnerLogsInIsToldThePageAndReadsTheRest() async throws {
        let world = try await FilingWorld()
        let (inbox, file) = try await fill(world)
        let path = file.file.path(in: world.folder.path + "/accounts")
        let sound = try Data(contentsOf: URL(fileURLWithPath: path))
        let pages = try pages(path, file.key)
        for number in Self.chosen(pages, of: sound.count / 4_096) {
            var bytes = sound
            bytes[(number - 1) * 4_096 + 1_000] ^= 1
            for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
            try bytes.write(to: URL(fileURLWithPath: path))
            let hold = try await world.logIn()
            // As `OwnerChecks` does and notes it.
            let findings = try await world.accounts.store(for: world.id).check().nameless
            let use = number == 2 ? "pointer map" : pages[number]?.table ?? "free"
            #expect(
                findings.filter { $0.hasPrefix("page ") } == ["page \(number) is damaged, of: \(use)"], "\(findings)")
            let lost = Self.letters - (await readable(world, inbox))
            switch pages[number] {
            case let page? where Self.leadingToAll.contains(page.table): #expect(lost > 0)
            case let page? where page.table == "chunks" && !page.isInner: #expect(lost == max(1, page.rows))
            case let page? where page.table == "chunks": #expect(lost > 0)
            case let other: #expect(lost == 0, "page \(number) \(String(describing: other))")
            }
            await world.accounts.close(world.id)
            hold.release()
        }
    }

    /// All, or a sample: always with those that opening the file has to do with, and the one behind all roots, in whose place the
    /// next table would come.
    private static func chosen(_ pages: [Int: Page], of count: Int) -> [Int] {
        if Program.isFull { return Array(1...count) }
        let schema = pages.filter { ["sqlite_schema", "schema_version"].contains($0.value.table) }.keys
        let inner = pages.filter { $0.value.isInner }.keys
        let next = pages.filter { $0.value.table == "unindexed" }.keys.map { $0 + 1 }
        return Set([1, 2] + schema.prefix(2) + inner + next + (3...count).shuffled().prefix(8)).sorted()
    }

    private func fill(_ world: FilingWorld) async throws -> (inbox: MailboxID, file: AccountFileKey) {
        let hold = try await world.logIn()
        let store = try await world.accounts.store(for: world.id)
        let inbox = try await store.mailbox(named: .inbox)
        for number in 0..<Self.letters {
            let noise = (0..<number * 300).map { _ in UInt8.random(in: 48...122) }
            _ = try await store.append(Array("Subject: \(number)\r\n\r\n".utf8) + noise, to: inbox)
        }
        let file = try world.directory.fileKey(of: world.id)
        await world.accounts.close(world.id)
        hold.release()
        return (inbox, file)
    }

    private func pages(_ path: String, _ key: SealedKey) throws -> [Int: Page] {
        let queue = try SealedDatabase.openQueue(path: path, key: key, migrations: AccountFile.migrations)
        defer { try? queue.close() }
        return try queue.read { db in
            let rows = try Row.fetchAll(db, sql: "SELECT pageno, name, ncell, pagetype FROM dbstat")
            return Dictionary(
                uniqueKeysWithValues: rows.map {
                    ($0[0], Page(table: $0[1], rows: $0[2], isInner: $0[3] == "internal"))
                })
        }
    }

    /// Letters that can be read whole.
    private func readable(_ world: FilingWorld, _ inbox: MailboxID) async -> Int {
        guard let store = try? await world.accounts.store(for: world.id),
            let letters = try? await store.metadata(of: .all, in: inbox)
        else { return 0 }
        var count = 0
        for letter in letters where (try? await store.readAll(letter.body))?.count == letter.size { count += 1 }
        return count
    }
}
