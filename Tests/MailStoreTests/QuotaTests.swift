// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import GRDB
import SealedSQLite
import Synchronization
import TestSupport
import Testing

@testable import MailStore

/// What an account may hold, to the byte.
@Suite struct QuotaTests {
    private let text = message("quota")

    /// Holds a limit that tests change.
    private final class Limit: Sendable {
        let bytes: Mutex<Int?>
        init(_ bytes: Int?) { self.bytes = Mutex(bytes) }
        func set(_ bytes: Int?) { self.bytes.withLock { $0 = bytes } }
    }

    /// An account with a limit, and the same files as another process has them open.
    private final class World: Sendable {
        let folder: TemporaryFolder
        let limit: Limit
        let store: AccountStore
        let other: AccountStore

        init(_ bytes: Int?) async throws {
            let folder = try TemporaryFolder()
            self.folder = folder
            let limit = Limit(bytes)
            self.limit = limit
            let key = SealedKey.random()
            let account = AccountID.random()
            func directory() -> AccountDirectory {
                AccountDirectory(
                    root: folder.path, quota: { _ in limit.bytes.withLock { $0 } }, keys: { AccountFileKey($0, key) })
            }
            store = try await directory().create(account)
            other = try await directory().store(for: account)
        }
    }

    private func isOverQuota(_ body: () async throws -> Void) async -> Bool {
        do { try await body() } catch { return error as? StoreError == .overQuota }
        return false
    }

    @Test func theLastByteFitsAndNoFurther() async throws {
        let world = try await World(2 * text.count + 1)
        let inbox = try await world.store.mailbox(named: .inbox)
        _ = try await world.store.deliver(text)
        #expect(await isOverQuota { _ = try await world.store.deliver(text + text) })
        _ = try await world.store.append(text, to: inbox)
        #expect(try await world.store.use().available == 1)
        #expect(try await !world.store.hasRoom(for: 2))
        #expect(try await world.store.hasRoom(for: 1))
        #expect(await isOverQuota { _ = try await world.store.append(text, to: inbox) })
        #expect(await isOverQuota { _ = try await world.other.deliver(text, deliveryKey: "k") })
        // Nothing of what was refused is left, and its UID is not used up.
        #expect(try await world.store.select(.inbox).state.uidNext == 3)
        world.limit.set(3 * text.count)
        #expect(try await !world.store.deliver(text, deliveryKey: "k").isDuplicate)
        #expect(
            try await world.store.use()
                == StorageUse(
                    messages: 3, messageBytes: 3 * text.count, objectBytes: 0, limit: 3 * text.count))
        // What was delivered once is no new message: known, although nothing more fits.
        #expect(try await world.store.deliver(text, deliveryKey: "k").isDuplicate)
    }

    @Test func aCopyCountsAMoveDoesNot() async throws {
        let world = try await World(3 * text.count)
        let store = world.store
        let inbox = try await store.mailbox(named: .inbox)
        for _ in 0..<2 { _ = try await store.deliver(text) }
        #expect(await isOverQuota { _ = try await store.copy([1, 2], from: inbox, to: name("Archive")) })
        #expect(try await store.select(name("Archive")).exists == 0)
        _ = try await store.copy([1], from: inbox, to: name("Archive"))
        #expect(try await store.use().available == 0)
        // Also far above the limit the trash can be filled, and what is expunged is there again at once.
        world.limit.set(text.count)
        _ = try await store.move([1, 2], from: inbox, to: name("Trash"))
        #expect(try await store.use().messageBytes == 3 * text.count)
        let trash = try await store.mailbox(named: name("Trash"))
        _ = try await store.expunge([1, 2], in: trash)
        #expect(try await store.use().messageBytes == text.count)
        #expect(await isOverQuota { _ = try await store.deliver(text) })
        try await store.delete(name("Archive"))
        #expect(try await store.use().bytes == 0)
        _ = try await store.deliver(text)
    }

    /// As many as fit are taken, whoever brings them, and those that fit are not hindered by those that do not.
    @Test func manyAtOnceFromTwoProcesses() async throws {
        let room = 40
        let world = try await World(room * text.count + text.count / 2)
        let large = message("large", String(repeating: "x", count: (room + 1) * text.count))
        let taken = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<120 {
                let store = index % 2 == 0 ? world.store : world.other
                group.addTask {
                    if index % 5 == 0 {
                        #expect(await isOverQuota { _ = try await store.deliver(large) })
                        return false
                    }
                    return await !isOverQuota { _ = try await store.deliver(text) }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(taken == room)
        #expect(try await world.store.use().bytes == room * text.count)
        #expect(try await world.other.select(.inbox).exists == room)
    }

    @Test func aLimitThatCannotBeReadIsNoLeave() async throws {
        struct Broken: Error {}
        let folder = try TemporaryFolder()
        let key = SealedKey.random()
        let directory = AccountDirectory(
            root: folder.path, quota: { _ in throw Broken() }, keys: { AccountFileKey($0, key) })
        let store = try await directory.create(AccountID.random())
        await #expect(throws: StoreError.unavailable("the account's quota cannot be read: Broken")) {
            try await store.deliver(text)
        }
        #expect(try await store.uids().isEmpty)
        try await directory.remove(store.account)
        await #expect(throws: StoreError.noSuchAccount) { try await store.deliver(text) }
    }

    // MARK: The counters

    private func counted(_ store: AccountStore) async throws -> [Int] {
        try await store.read { db in
            let row = try Row.fetchOne(db, sql: "SELECT messages, message_bytes FROM account")
            return [row?[0] ?? -1, row?[1] ?? -1]
                + (try Int.fetchAll(db, sql: "SELECT deleted_size FROM mailboxes ORDER BY id"))
        }
    }

    private func summed(_ store: AccountStore) async throws -> [Int] {
        try await store.read { db in
            let row = try Row.fetchOne(db, sql: "SELECT count(*), coalesce(sum(size), 0) FROM messages")
            return [row?[0] ?? -1, row?[1] ?? -1]
                + (try Int.fetchAll(
                    db,
                    sql: """
                        SELECT (SELECT coalesce(sum(size), 0) FROM messages m WHERE m.mailbox = b.id AND m.flags & 8)
                        FROM mailboxes b ORDER BY id
                        """))
        }
    }

    @Test(arguments: [1, 2, 3]) func countersAreSumsWhateverHappens(seed: UInt64) async throws {
        let world = try await World(60_000)
        let store = world.store
        var random = Seeded(state: seed)
        let names = [MailboxName.inbox, name("Archive"), name("Trash"), name("Other")]
        for step in 0..<250 {
            let (from, to) = (names.randomElement(using: &random)!, names.randomElement(using: &random)!)
            if step % 40 == 0 { _ = try? await store.create(name("Other")) }
            guard let mailbox = try? await store.mailbox(named: from) else { continue }
            let uids = UIDSet(try await store.uids(in: from).filter { _ in Int.random(in: 0..<4, using: &random) == 0 })
            do {
                switch Int.random(in: 0..<10, using: &random) {
                case 0...2:
                    let body = String(repeating: "y", count: .random(in: 0..<9_000, using: &random))
                    _ = try await store.append(
                        message("\(step)", body), to: mailbox,
                        flags: MessageFlags(Bool.random(using: &random) ? [.deleted] : []))
                case 3: _ = try await store.copy(uids, from: mailbox, to: to)
                case 4: _ = try await store.move(uids, from: mailbox, to: to)
                case 5: _ = try await store.setFlags(.add(MessageFlags([.deleted])), of: uids, in: mailbox)
                case 6: _ = try await store.setFlags(.replace(MessageFlags([.seen])), of: uids, in: mailbox)
                case 7: _ = try await store.expungeDeleted(in: mailbox)
                case 8: _ = try await store.expunge(uids, in: mailbox)
                default: if from == name("Other") { try await store.delete(from) }
                }
            } catch {
                #expect([.overQuota, .noSuchMailbox].contains(error))
            }
            #expect(try await counted(store) == summed(store), "step \(step)")
            #expect(try await store.use().bytes <= 60_000)
        }
    }

    private struct Seeded: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 33)
        }
    }

    /// A file as release 0.1.0 made and filled it, whose services may still be running beside ours.
    @Test func filesOfTheReleaseBeforeAreCountedOnce() async throws {
        let folder = try TemporaryFolder()
        let key = SealedKey.random()
        let account = AccountID.random()
        let path = "\(folder.path)/\(account).db"
        let before = Array(AccountFile.migrations.prefix { $0.number <= 3 })
        try SealedDatabase.create(path: path, key: key, migrations: before)
        let old = try SealedDatabase.openPool(path: path, key: key, migrations: before)
        @Sendable func fill(_ db: Database, _ uids: ClosedRange<Int>) throws {
            for uid in uids {
                try db.execute(
                    sql: """
                        INSERT INTO bodies (id, size, header_size, lead, chunk, structure) VALUES (?1, 1000, 1, 1000, 1, x'');
                        """, arguments: [uid])
                try db.execute(
                    sql: """
                        INSERT INTO messages (id, mailbox, body, modseq, flags, size, internal_date, zone)
                        VALUES ((1 << 32) | ?1, 1, ?1, ?1, ?2, 1000 + ?1, 0, 0)
                        """, arguments: [uid, uid % 2 == 0 ? 8 : 0])
            }
        }
        try await old.write { db in
            try fill(db, 1...4)
            try db.execute(
                sql: """
                    INSERT INTO calendars (name, display_name, components, modseq) VALUES ('c', '', 'VEVENT', 1);
                    INSERT INTO calendar_objects (calendar, name, uid, component, etag, data, modseq)
                    VALUES (1, 'e', 'e', 'VEVENT', '', CAST('twelve bytes' AS BLOB), 1);
                    INSERT INTO address_books (name, display_name, modseq) VALUES ('a', '', 1);
                    INSERT INTO cards (address_book, name, uid, etag, text, data, modseq)
                    VALUES (1, 'v', 'v', '', '', x'010203', 1);
                    """)
        }
        let directory = AccountDirectory(root: folder.path, keys: { AccountFileKey($0, key) })
        let store = try await directory.store(for: account)
        #expect(try await store.use() == StorageUse(messages: 4, messageBytes: 4_010, objectBytes: 15, limit: nil))
        #expect(try await store.status(of: .inbox).deletedSize == 2_006)
        // The old release goes on, and what it does counts.
        try await old.write { db in
            try fill(db, 5...5)
            try db.execute(sql: "DELETE FROM messages WHERE id = (1 << 32) | 2")
            try db.execute(sql: "DELETE FROM calendars")
        }
        #expect(try await store.use() == StorageUse(messages: 4, messageBytes: 4_013, objectBytes: 3, limit: nil))
        #expect(try await counted(store) == summed(store))
        try old.close()
        // It does not open the file anew: it would not find what waits for the search index.
        #expect(throws: SealedError.self) { try SealedDatabase.openPool(path: path, key: key, migrations: before) }
        await directory.close()
    }

    // MARK: The warning

    @Test func oneWarningUntilThereIsRoomAgain() async throws {
        let limit = 10 * text.count
        let world = try await World(limit)
        let store = world.store
        let inbox = try await store.mailbox(named: .inbox)
        let told = Mutex<[StorageUse]>([])
        @Sendable func deliver(key: String? = nil) async throws {
            _ = try await store.deliver(text, deliveryKey: key) { use in
                told.withLock { $0.append(use) }
                return Array("Subject: nearly full\r\n\r\n".utf8)
            }
        }
        for _ in 0..<8 { try await deliver() }
        #expect(told.withLock { $0.isEmpty })
        try await deliver(key: "ninth")
        #expect(told.withLock { $0.map(\.bytes) } == [9 * text.count])
        #expect(told.withLock { $0.first?.limit } == limit)
        #expect(try await store.uids().count == 10)
        // Not again: neither for what is there already, nor when it falls to eight tenths exactly.
        try await deliver(key: "ninth")
        _ = try await store.expunge([1, 10], in: inbox)
        #expect(try await store.use().bytes == 8 * text.count)
        try await deliver()
        #expect(told.withLock { $0.count } == 1)
        // Below it, whoever made the room: again, once.
        _ = try await store.expunge([2, 3], in: inbox)
        for _ in 0..<2 { try await deliver() }
        #expect(told.withLock { $0.count } == 2)
        // Another limit is another matter.
        world.limit.set(11 * text.count)
        try await deliver()
        #expect(told.withLock { $0.count } == 3)
        // It comes also where it does not fit, and nothing after it.
        let full = try await store.use().bytes + text.count
        world.limit.set(full)
        try await deliver()
        #expect(told.withLock { $0.map(\.bytes).last } == full)
        #expect(try await store.use().bytes > full)
        #expect(await isOverQuota { try await deliver() })
        world.limit.set(nil)
        for _ in 0..<20 { try await deliver() }
        #expect(told.withLock { $0.count } == 4)
    }
}
