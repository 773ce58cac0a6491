// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import GRDB
import SealedSQLite
import Synchronization
import Testing

@testable import MailStore

@Suite struct DirectoryTests {
    @Test func removedIsGone() async throws {
        let fixture = try await Fixture()
        _ = try await fixture.store.deliver(message("x"))
        await #expect(throws: StoreError.accountExists) { try await fixture.directory.create(fixture.account) }
        try await fixture.directory.remove(fixture.account)
        #expect(await !fixture.directory.exists(fixture.account))
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.root).filter { $0.contains(".db") } == [])
        await #expect(throws: StoreError.noSuchAccount) { try await fixture.store.list() }
        await #expect(throws: StoreError.noSuchAccount) { try await fixture.directory.store(for: fixture.account) }
        try await fixture.directory.remove(fixture.account)
    }

    /// Another process deleted the account and made it again: the old file must not be written to.
    @Test func aReplacedFileIsNoticed() async throws {
        let fixture = try await Fixture()
        _ = try await fixture.store.deliver(message("old"))
        let old = try await fixture.store.status(of: .inbox).state.uidValidity
        let other = fixture.another()
        try await other.remove(fixture.account)
        await #expect(throws: StoreError.noSuchAccount) { try await fixture.store.deliver(message("lost?")) }
        try await other.create(fixture.account)
        #expect(try await fixture.store.uids().isEmpty)
        _ = try await fixture.store.deliver(message("new"))
        let store = try await other.store(for: fixture.account)
        #expect(try await store.uids() == [1])
        #expect(try await store.status(of: .inbox).state.uidValidity > old - 1)
        await other.close()
    }

    /// What is removed in the moment between taking the file and writing to it must not be called done.
    @Test func aFileThatIsRemovedUnderADeliveryIsNotWrittenTo() async throws {
        let fixture = try await Fixture()
        _ = try await fixture.store.deliver(message("before"))
        let (directory, account) = (fixture.directory, fixture.account)
        let other = fixture.another()
        await #expect(throws: StoreError.noSuchAccount) {
            try await directory.withFile(of: account) { file in
                try await other.remove(account)
                return try await file.appends.run(bytes: 1) { _ in
                    Issue.record("it was begun")
                    throw StoreError.cancelled
                }
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.root).filter { $0.contains(".db") } == [])
    }

    /// Another file took its place in that moment: the operation is begun again there, and only there.
    @Test(arguments: ["write", "append", "read"])
    func anOperationFollowsTheAccountToItsNextFile(_ kind: String) async throws {
        let fixture = try await Fixture()
        _ = try await fixture.store.deliver(message("before"))
        let (root, account) = (fixture.root, fixture.account)
        let old = AccountFileKey(account, fixture.key)
        let next = AccountFileKey(file: .random(), key: .random())
        let place = Mutex(old)
        let directory = AccountDirectory(root: root, limit: 1) { _ in place.withLock { $0 } }
        let attempts = Atomic(0)
        let count = try await directory.withFile(of: account) { file in
            if attempts.add(1, ordering: .relaxed).oldValue == 0 {
                try SealedDatabase.copy(
                    old.file.path(in: root), key: old.key, to: next.file.path(in: root), key: next.key)
                try AccountFile.remove(path: old.file.path(in: root))
                place.withLock { $0 = next }
            }
            switch kind {
            case "write": try await file.pool.write { try $0.execute(sql: "UPDATE messages SET flags = 1") }
            case "append":
                _ = try await file.appends.run(bytes: 1) { db in
                    try db.execute(sql: "UPDATE messages SET flags = 1")
                    return Appended(
                        mailbox: MailboxID(rawValue: 1), uidValidity: 1, uid: 1, modseq: 1, isDuplicate: false)
                }
            default: break
            }
            return try await file.pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM messages") }
        }
        #expect(count == 1)
        // A read that was begun ends with what it saw.
        #expect(attempts.load(ordering: .relaxed) == (kind == "read" ? 1 : 2))
        let store = try await directory.store(for: account)
        _ = try await store.deliver(message("after"))
        #expect(try await store.uids() == [1, 2])
        await directory.close()
        // Nothing came into being under the old name.
        let left = try FileManager.default.contentsOfDirectory(atPath: root).filter { $0.hasPrefix("\(old.file)") }
        #expect(left == [])
    }

    @Test func oneBrokenAccountStopsNoOther() async throws {
        let fixture = try await Fixture()
        let key = SealedKey.random()
        let broken = AccountID.random()
        let locked = AccountID.random()
        let whole = AccountID.random()
        let directory = AccountDirectory(root: fixture.root + "/some", limit: 2) { account in
            if account == locked { throw StoreError.unavailable("closed") }
            return AccountFileKey(account, key)
        }
        try await directory.create(broken)
        try await directory.create(whole)
        let path = "\(fixture.root)/some/\(broken.description).db"
        await directory.close()
        let again = AccountDirectory(root: fixture.root + "/some", limit: 1) { account in
            if account == locked { throw CocoaError(.fileNoSuchFile) }
            return AccountFileKey(account, key)
        }
        try Data(repeating: 7, count: 8192).write(to: URL(fileURLWithPath: path))
        let brokenStore = try await again.store(for: broken)
        let wholeStore = try await again.store(for: whole)
        for _ in 0..<3 {
            await #expect(throws: StoreError.damaged) { try await brokenStore.deliver(message("x")) }
            _ = try await wholeStore.deliver(message("x"))
        }
        #expect(StoreError.damaged.isTemporary)
        await #expect(throws: StoreError.keyUnavailable) { try await again.create(locked) }
        await again.close()
        await #expect(throws: StoreError.closed) { try await wholeStore.list() }
    }

    /// A later release says in the file that this one must not touch it.
    @Test func aFileOfALaterReleaseIsRefused() async throws {
        let fixture = try await Fixture()
        _ = try await fixture.store.deliver(message("x"))
        try await fixture.store.write { try $0.execute(sql: "UPDATE schema_version SET oldest_reader = 1000") }
        let other = fixture.another()
        let store = try await other.store(for: fixture.account)
        await #expect(throws: StoreError.tooNew) { try await store.deliver(message("y")) }
        await other.close()
    }

    @Test func tidyingGoesThroughAllAccounts() async throws {
        var limits = StoreLimits()
        limits.bodyGraceSeconds = -10
        let fixture = try await Fixture(limits: limits)
        let second = try await fixture.directory.create(.random())
        for store in [fixture.store, second] {
            let inbox = try await store.deliver(message("x")).mailbox
            _ = try await store.expunge([1], in: inbox)
        }
        await fixture.directory.tidy([fixture.account, second.account])
        for store in [fixture.store, second] {
            #expect(try await store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM bodies") } == 0)
            #expect(try await store.use().messages == 0)
        }
    }

    /// What a message says is nowhere on disk in clear, while the file is open and after.
    @Test func nothingIsOnDiskInClear() async throws {
        let fixture = try await Fixture()
        let marker = "Xyzzy-marker-in-clear"
        let text = String(repeating: marker + "\r\n", count: 5000)
        let inbox = try await fixture.store.deliver(message(marker, text)).mailbox
        _ = try await fixture.store.search(.text(marker), in: inbox)
        func files() throws -> [Data] {
            try FileManager.default.contentsOfDirectory(atPath: fixture.root).map {
                try Data(contentsOf: URL(fileURLWithPath: fixture.root + "/" + $0))
            }
        }
        let open = try files()
        await fixture.directory.close()
        for data in try open + files() {
            #expect(data.range(of: Data(marker.utf8)) == nil)
            #expect(data.range(of: Data(marker.lowercased().utf8)) == nil)
        }
    }
}
