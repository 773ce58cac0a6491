// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import SealedSQLite
import TestSupport
import Testing

@testable import MailStore

@Suite struct SalvageTests {
    /// Forty letters of many sizes in three mailboxes, some flagged, some expunged, and all of it known.
    final class Filled {
        let fixture: Fixture
        /// By mailbox and UID.
        var letters: [String: [UInt32: (flags: MessageFlags, bytes: [UInt8])]] = [:]
        private let other = AccountID.random()

        init() async throws {
            fixture = try await Fixture()
            let store = fixture.store
            let inbox = try await store.mailbox(named: .inbox)
            _ = try await store.create(name("Work/Projects"))
            for number in 0..<40 {
                let text = String(repeating: "words of letter \(number), ", count: number * number * 2 + 1)
                _ = try await store.deliver(message("letter \(number)", text))
            }
            _ = try await store.setFlags(.add(MessageFlags(.flagged, keywords: ["$kept"])), of: [3, 5, 30], in: inbox)
            _ = try await store.move([10, 11, 39], from: inbox, to: name("Work/Projects"))
            _ = try await store.copy([5], from: inbox, to: name("Archive"))
            _ = try await store.expunge([20, 21], in: inbox)
            letters = try await Self.read(store)
        }

        static func read(
            _ store: AccountStore
        ) async throws -> [String: [UInt32: (flags: MessageFlags, bytes: [UInt8])]] {
            var all: [String: [UInt32: (flags: MessageFlags, bytes: [UInt8])]] = [:]
            for listing in try await store.list() {
                guard let id = listing.id else { continue }
                for one in try await store.metadata(of: .all, in: id) {
                    all[listing.name.path, default: [:]][one.uid] = (one.flags, try await store.readAll(one.body))
                }
            }
            return all
        }

        var path: String { "\(fixture.root)/\(fixture.account).db" }

        /// The new file, as an account of its own beside the damaged one.
        func salvage() async throws -> (report: SalvageReport, store: AccountStore) {
            let report = try await fixture.directory.salvage(
                fixture.account, into: "\(fixture.root)/\(other).db")
            return (report, try await fixture.directory.store(for: other))
        }

        func damage(_ page: Int) throws {
            let file = try #require(FileHandle(forUpdatingAtPath: path))
            try file.seek(toOffset: UInt64(page * 4_096 + 1_000))
            let byte = try #require(try file.read(upToCount: 1)?.first)
            try file.seek(toOffset: UInt64(page * 4_096 + 1_000))
            try file.write(contentsOf: Data([byte ^ 1]))
            try file.close()
        }

        /// `sound` with one flipped bit on each of these pages (from 0): whether a check finds it, and how many letters of the
        /// salvaged file are where they were. That file must be sound.
        func salvage(
            damaging pages: [Int], in sound: Data
        ) async throws -> (isFound: Bool, report: SalvageReport, same: Int) {
            let (key, copy) = (fixture.key, AccountID.random())
            let directory = AccountDirectory(root: fixture.root, limit: 4) { AccountFileKey($0, key) }
            try sound.write(to: URL(fileURLWithPath: path))
            for page in pages { try damage(page) }
            let check = try await directory.store(for: fixture.account).check()
            let report = try await directory.salvage(fixture.account, into: "\(fixture.root)/\(copy).db")
            let saved = try await directory.store(for: copy)
            #expect(report.unreadablePages == pages.count, "pages \(pages)")
            let same = try await compare(saved)
            #expect(try await saved.check(searchIndex: true).findings == [], "pages \(pages)")
            await directory.close()
            try FileManager.default.removeItem(atPath: "\(fixture.root)/\(copy).db")
            return (!check.isSound, report, same)
        }

        func pages() throws -> Int {
            try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) / 4_096
        }

        /// How many letters are where they were; what differs is an issue.
        func compare(_ store: AccountStore) async throws -> Int {
            var same = 0
            for (mailbox, found) in try await Self.read(store) where !mailbox.hasPrefix("Recovered") {
                for (uid, letter) in found {
                    let before = letters[mailbox]?[uid]
                    #expect(before?.bytes == letter.bytes && before?.flags.system == letter.flags.system)
                    same += 1
                }
            }
            return same
        }
    }

    /// With the log still beside it, and without.
    @Test(arguments: [false, true]) func aSoundFileIsSavedWhole(isClosed: Bool) async throws {
        let filled = try await Filled()
        let store = filled.fixture.store
        try await store.subscribe(name("elsewhere"))
        let before = try await store.select(.inbox)
        // Another process has it open, or nobody has.
        let beside = filled.fixture.another()
        if !isClosed { _ = try await beside.store(for: filled.fixture.account).list() }
        let (report, saved) = try await filled.salvage()
        #expect(report.isWhole, "\(report.lost)")
        #expect(report.messages == 39 && report.misplaced == 0)
        #expect(try await filled.compare(saved) == 39)
        let after = try await saved.select(.inbox)
        #expect(after.state.uidValidity == before.state.uidValidity && after.state.uidNext == before.state.uidNext)
        #expect(after.state.highestModseq > before.state.highestModseq)
        #expect(after.keywords.all == ["$kept"])
        // What went is told of once more, to a client of any age.
        var old = before.state
        old.highestModseq = 1
        let changes = try await saved.changes(in: after.id, since: old)
        #expect(changes.expunged == UIDSet(ranges: [10...11, 20...21, 39...39]))
        #expect(try await saved.list().first { $0.name.path == "elsewhere" }?.isSubscribed == true)
        #expect(try await saved.check(searchIndex: true).findings == [])
        _ = try await saved.deliver(message("afterwards"))
        await beside.close()
    }

    /// Each page in turn, one flipped bit: what is on it may be lost, and nothing else.
    @Test func eachDamagedPageCostsWhatIsOnIt() async throws {
        let filled = try await Filled()
        await filled.fixture.directory.close()
        let sound = try Data(contentsOf: URL(fileURLWithPath: filled.path))
        let pages = try filled.pages()
        var (found, whole) = (0, 0)
        let stride = Program.isFull ? 1 : 17
        // Those of the schema and of the first pointer map always.
        for page in [0, 1] + Swift.stride(from: Int.random(in: 2..<stride + 2), to: pages, by: stride) {
            let (isFound, report, same) = try await filled.salvage(damaging: [page], in: sound)
            // Whatever is not where it was is in Recovered, or told of.
            #expect(same <= 39, "page \(page + 1)")
            #expect(same == 39 || report.misplaced + report.lost.count > 0, "page \(page + 1): \(same) of 39")
            if report.lost.isEmpty { #expect(same + report.misplaced >= 38, "page \(page + 1)") }
            if same == 39, report.lost.isEmpty { whole += 1 }
            if isFound { found += 1 }
        }
        // Most pages are of texts and indexes, which are made anew.
        #expect(found > 0 && whole > 0)
    }

    /// What leads to the tables is lost, and what the pages are used for: rows are known by their shape.
    @Test func aPageOfTheSchemaAndItsMapTogetherCostNoMessage() async throws {
        let filled = try await Filled()
        await filled.fixture.directory.close()
        let sound = try Data(contentsOf: URL(fileURLWithPath: filled.path))
        let reader = SalvageReader(try SnapshotPages(path: filled.path, key: filled.fixture.key))
        let schema = (3...UInt32(try filled.pages())).filter { reader.table(of: $0) == "sqlite_schema" }
        #expect(!schema.isEmpty)
        for page in schema {
            let (isFound, report, same) = try await filled.salvage(damaging: [1, Int(page) - 1], in: sound)
            #expect(isFound && same == 39 && report.messages == 39 && report.misplaced == 0, "page \(page)")
        }
    }
}
