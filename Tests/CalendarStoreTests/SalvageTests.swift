// SPDX-License-Identifier: Apache-2.0
import Accounts
import CalendarStore
import Foundation
import GRDB
import MailStore
import SealedSQLite
import TestSupport
import Testing

/// What `AccountDirectory.salvage` saves of calendars, contacts and subscriptions, beside mail.
@Suite struct SalvageTests {
    /// An object where it stands: its collection's name, and its own.
    private struct Place: Hashable {
        var kind: CollectionKind
        var collection: String
        var name: String
    }

    private struct Contents: Equatable {
        var objects: [Place: [UInt8]] = [:]
        var titles: [String: String] = [:]
        var subscriptions: Set<String> = []
        var letters: [String: [UInt32: [UInt8]]] = [:]

        init(_ store: AccountStore) async throws {
            let collections = CalendarStore(store)
            for kind in CollectionKind.allCases {
                for collection in try await collections.collections(kind) {
                    titles["\(kind) \(collection.name)"] = collection.properties.displayName
                    for object in try await collections.objects(kind, collection.name) {
                        objects[Place(kind: kind, collection: collection.name, name: object.name)] =
                            try await collections.object(kind, collection.name, object.name).data
                    }
                }
            }
            for listing in try await store.list() {
                if listing.isSubscribed { subscriptions.insert(listing.name.path) }
                guard let id = listing.id, !listing.name.path.hasPrefix("Recovered") else { continue }
                for one in try await store.metadata(of: .all, in: id) {
                    letters[listing.name.path, default: [:]][one.uid] = try await store.readAll(one.body)
                }
            }
        }
    }

    /// Which table or index each page is of, by SQLite itself; and how many rows it holds (none: of another's large value).
    private struct Page {
        var table: String
        var rows: Int
        var isInner: Bool
    }

    private final class World {
        let folder: TemporaryFolder
        let key = SealedKey.random()
        let account = AccountID.random()
        let before: Contents
        let sound: Data
        let pages: [Int: Page]
        var path: String { "\(folder.path)/\(account).db" }

        init() async throws {
            folder = try TemporaryFolder()
            let directory = Self.directory(folder, key)
            let store = try await directory.create(account)
            let inbox = try await store.mailbox(named: .inbox)
            for number in 0..<12 {
                let text = String(repeating: "\(UInt64.random(in: 0 ... .max)) ", count: number * number * 10)
                _ = try await store.deliver(Array("Subject: letter \(number)\r\n\r\n\(text)\r\n".utf8))
            }
            _ = try await store.move([2, 7], from: inbox, to: MailboxName("Archive"))
            for name in ["elsewhere", "Lists/swift"] { try await store.subscribe(MailboxName(name)) }
            try await store.unsubscribe(MailboxName("Junk"))
            try await Self.fill(CalendarStore(store))
            before = try await Contents(store)
            await directory.close()
            sound = try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(account).db"))
            let queue = try SealedDatabase.openQueue(
                path: "\(folder.path)/\(account).db", key: key, migrations: AccountFile.migrations)
            pages = try await queue.read { db in
                let rows = try Row.fetchAll(db, sql: "SELECT pageno, name, ncell, pagetype FROM dbstat")
                return Dictionary(
                    uniqueKeysWithValues: rows.map {
                        ($0[0], Page(table: $0[1], rows: $0[2], isInner: $0[3] == "internal"))
                    })
            }
            try queue.close()
        }

        /// Small and large objects in two calendars and two address books, some of them changed, some removed.
        private static func fill(_ store: CalendarStore) async throws {
            for kind in CollectionKind.allCases {
                let first = try #require(try await store.collections(kind).first).name
                var properties = CollectionProperties(displayName: "Work & more", components: ["VEVENT"])
                properties.description = "What is done by day"
                try await store.create(kind, "work", properties)
                for number in 0..<150 {
                    let size = number % 11 == 0 ? 9_000 : 200 + number
                    let data = (0..<size).map { _ in UInt8.random(in: 65...90) }
                    try await put(kind, number % 3 == 0 ? "work" : first, number, data, store)
                }
                for number in stride(from: 1, to: 150, by: 13) where number % 3 != 0 {
                    try await put(kind, first, number, Array("changed \(number)".utf8), store)
                }
                for number in [3, 33, 66] { try await store.remove(kind, "work", "\(number).obj") }
            }
        }

        private static func put(
            _ kind: CollectionKind, _ collection: String, _ number: Int, _ data: [UInt8], _ store: CalendarStore
        ) async throws {
            let index: NewObject.Index =
                kind == .calendar
                ? .calendar(
                    component: "VEVENT", start: number % 5 == 0 ? nil : 1_000, end: number % 7 == 0 ? nil : 2_000)
                : .card(text: "card of number \(number)")
            let object = NewObject(name: "\(number).obj", uid: "uid-\(number)@example.org", data: data, index: index)
            _ = try await store.put(kind, collection, object)
        }

        static func directory(_ folder: TemporaryFolder, _ key: SealedKey) -> AccountDirectory {
            AccountDirectory(root: folder.path, limit: 4) { AccountFileKey($0, key) }
        }

        /// Salvages the file with one bit of each of those pages (from 1) flipped.
        func salvage(damaged: [Int]) async throws -> (report: SalvageReport, after: Contents, findings: [String]) {
            var bytes = sound
            for page in damaged { bytes[(page - 1) * 4_096 + 1_000] ^= 1 }
            try bytes.write(to: URL(fileURLWithPath: path))
            for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
            let directory = Self.directory(folder, key)
            let copy = AccountID.random()
            let report = try await directory.salvage(account, into: "\(folder.path)/\(copy).db")
            let store = try await directory.store(for: copy)
            let after = try await Contents(store)
            let findings = try await store.check(searchIndex: true).findings
            await directory.close()
            try FileManager.default.removeItem(atPath: "\(folder.path)/\(copy).db")
            return (report, after, findings)
        }
    }

    @Test func aSoundFileIsSavedWhole() async throws {
        let world = try await World()
        let (report, after, findings) = try await world.salvage(damaged: [])
        #expect(report.isWhole && findings == [], "\(report.lost)")
        #expect(after == world.before)
    }

    /// Each page in turn: what lies elsewhere is saved, and what was lost is told by its name.
    @Test func eachDamagedPageCostsWhatIsOnIt() async throws {
        let world = try await World()
        let ofCollections = world.pages.filter { $0.value.table.contains(/calendar|address_book|cards|subscr|schema/) }
        #expect(Set(ofCollections.values.map(\.table)).count >= 12)
        let count = world.sound.count / 4_096
        let all = Program.isFull ? Set(1...count) : Set(ofCollections.keys.shuffled().prefix(8)).union([1, 2])
        for page in all.sorted() { try await look(world, page) }
    }

    private func look(_ world: World, _ page: Int) async throws {
        let (report, after, findings) = try await world.salvage(damaged: [page])
        let (before, place) = (world.before, world.pages[page])
        let told: Comment = "page \(page), \(String(describing: place)): \(report.lost)"
        #expect(report.unreadablePages == 1 && findings == [], "\(told) \(findings)")
        let lost = before.objects.filter { after.objects[$0.key] != $0.value }
        // Nothing is there that was not.
        #expect(after.objects.allSatisfy { before.objects[$0.key] == $0.value }, told)
        let onIt = place.map { ["calendar_objects", "cards"].contains($0.table) && !$0.isInner ? max(1, $0.rows) : 0 }
        #expect(lost.count <= onIt ?? 0, told)
        for (place, _) in lost {
            #expect(report.lost.contains { $0.contains(place.name) && $0.contains("uid-") }, told)
        }
        let isListed = !report.lost.isEmpty
        if lost.isEmpty, place?.table != "calendars", place?.table != "address_books" {
            #expect(after.titles == before.titles, told)
        } else {
            #expect(Set(after.titles.keys) == Set(before.titles.keys), told)
            #expect(isListed, told)
        }
        if place?.table == "subscriptions" {
            #expect(isListed && after.subscriptions.isSuperset(of: after.letters.keys), told)
        } else {
            #expect(after.subscriptions == before.subscriptions, told)
        }
        if !["messages", "bodies", "chunks", "mailboxes"].contains(place?.table) {
            #expect(after.letters == before.letters, told)
        }
    }

    /// Pages of the schema and the pointer map at once: tables are told by what is in them.
    @Test func withoutSchemaAndPointerMapRowsAreKnownByTheirShape() async throws {
        let world = try await World()
        let schema = world.pages.filter { $0.value.table == "sqlite_schema" }.keys
        #expect(schema.count > 1)
        for damaged in [Array(schema), schema + [2]] {
            let (report, after, findings) = try await world.salvage(damaged: damaged)
            #expect(findings == [])
            #expect(report.unreadablePages == damaged.count)
            for (place, data) in world.before.objects { #expect(after.objects[place] == data, "\(place)") }
            #expect(after.titles == world.before.titles)
            #expect(after.subscriptions.isSuperset(of: world.before.subscriptions))
            #expect(after.letters == world.before.letters)
        }
    }
}
