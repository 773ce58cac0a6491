// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import GRDB
import SealedSQLite
import Synchronization
import TestSupport
import Testing

@testable import MailStore

/// Mail for a zero-access account: sealed by who cannot open it, filed by who can.
@Suite struct ArrivalsTests {
    private final class Flag: Sendable {
        let isSet = Mutex(false)
    }

    @Test func mailIsFiledInOrderWithItsDates() async throws {
        let world = try await ZeroAccessFixture()
        // Around the sizes at which chunks end, of batches too.
        let edge = ArrivalSeal.chunkBytes - ArrivalHeader.byteCount
        let sizes = [0, 1, edge - 1, edge, edge + 1, edge + ArrivalSeal.chunkBytes, 3_000_000, 9_000_000, 9_000_000]
        let messages = (0..<150).map { message("number \($0)") } + sizes.map { filler($0) }
        for (index, text) in messages.enumerated() {
            let date = InternalDate(seconds: 1_700_000_000 + Int64(index), zoneMinutes: index % 2 == 0 ? 540 : -210)
            try await world.arrivals.deliver(text, internalDate: date)
        }
        try await world.arrivals.deliver(Array(filler(0).prefix(1)), internalDate: InternalDate(seconds: 0))
        #expect(try await world.store.uids().isEmpty)
        #expect(try await world.arrivals.state().waiting == messages.count + 1)
        #expect(try await world.file() == Filed(messages: messages.count + 1, refused: 0))
        #expect(try await world.inbox() == messages + [Array(filler(0).prefix(1))])
        let inbox = try await world.store.mailbox(named: .inbox)
        let dates = try await world.store.metadata(of: .all, in: inbox).map(\.internalDate)
        #expect(dates.dropLast().map(\.seconds) == messages.indices.map { 1_700_000_000 + Int64($0) })
        #expect(dates.first?.zoneMinutes == 540 && dates.dropFirst().first?.zoneMinutes == -210)
        let state = try await world.arrivals.state()
        #expect(state.waiting == 0 && state.waitingBytes == 0 && state.seen > 0)
        #expect(try await state.use == world.store.use())
        #expect(try await world.arrivals.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM chunks") } == 0)
        #expect(try await world.file() == Filed())
    }

    @Test func whoHoldsTheOperatorsKeysReadsNothing() async throws {
        let world = try await ZeroAccessFixture()
        let text = message("unmistakable", String(repeating: "a secret of the owner. ", count: 2_000))
        try await world.arrivals.deliver(text, deliveryKey: "spool-7")
        let queue = try SealedDatabase.openQueue(
            path: "\(world.folder.path)/\(world.place.file).arrivals.db", key: world.place.key,
            migrations: ArrivalsFile.migrations)
        let blobs = try await queue.read { db in
            try Data.fetchAll(db, sql: "SELECT data FROM chunks UNION ALL SELECT head FROM arrivals")
        }
        try queue.close()
        #expect(blobs.count == 2 && blobs.map(\.count).max()! > text.count)
        for word in ["secret", "unmistakable", "ann@example.org"] {
            #expect(blobs.allSatisfy { $0.range(of: Data(word.utf8)) == nil })
        }
        await #expect(throws: StoreError.keyUnavailable) { try await world.inbound.store(for: world.account).list() }
    }

    /// As after kill -9 between filing and deleting.
    @Test func cutOffBetweenFilingAndDeletingNothingIsThereTwice() async throws {
        let world = try await ZeroAccessFixture()
        let messages = (0..<100).map { message("number \($0)") }
        for text in messages { try await world.arrivals.deliver(text) }
        try await world.tamper("CREATE TRIGGER cut BEFORE DELETE ON arrivals BEGIN SELECT RAISE(ABORT, 'cut'); END")
        await #expect(throws: StoreError.self) { try await world.file() }
        let filed = try await world.store.uids().count
        #expect(filed == ArrivalsFile.batchCount)
        #expect(try await world.arrivals.state().waiting == messages.count)
        try await world.tamper("DROP TRIGGER cut")
        // Not even when the keys of ordinary deliveries of that time are forgotten.
        try await world.store.write { try $0.execute(sql: "UPDATE delivery_keys SET at = 0") }
        while try await world.store.tidy() {}
        #expect(try await world.file() == Filed(messages: messages.count - filed, refused: 0))
        #expect(try await world.inbox() == messages)
        // Once nothing waits any more, those from long ago are.
        let keys = try await world.store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM delivery_keys") }
        #expect(keys == messages.count - filed)
    }

    @Test func manyWhoDeliverAndTwoWhoFile() async throws {
        let world = try await ZeroAccessFixture()
        let count = 300
        let isDone = Flag()
        let filed = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<2 {
                let (store, account, key) = (world.store, world.account, world.key)
                group.addTask {
                    var filed = 0
                    while true {
                        let isLast = isDone.isSet.withLock { $0 }
                        filed += try await store.file(#require(try await world.access.arrivals(of: account)), with: key)
                            .messages
                        if isLast { return filed }
                    }
                }
            }
            group.addTask {
                await withTaskGroup(of: Void.self) { senders in
                    for sender in 0..<10 {
                        senders.addTask {
                            for number in 0..<count / 10 {
                                _ = try? await world.arrivals.deliver(message("\(sender) \(number)"))
                            }
                        }
                    }
                }
                isDone.isSet.withLock { $0 = true }
                return 0
            }
            return try await group.reduce(0, +)
        }
        #expect(filed == count)
        let inbox = try await world.inbox()
        #expect(inbox.count == count)
        // Of each sender in the order of sending.
        for sender in 0..<10 {
            #expect(
                inbox.filter { String(decoding: $0, as: UTF8.self).contains("Subject: \(sender) ") }
                    == (0..<count / 10).map { message("\(sender) \($0)") })
        }
        #expect(try await world.arrivals.state().use == world.store.use())
    }

    // MARK: Checks

    @Test func aCheckNeedsNoKeyOfTheAccount() async throws {
        let world = try await ZeroAccessFixture()
        for size in [10, 3 * ArrivalSeal.chunkBytes] { try await world.arrivals.deliver(filler(size)) }
        #expect(try await world.arrivals.check() == [])
        try await world.tamper("DELETE FROM chunks WHERE id = (2 << 10) + 1")
        #expect(try await world.arrivals.check() == ["sealed arrivals: chunks are missing or too many, of message 2"])
        _ = try await world.file()
        try await world.tamper("UPDATE state SET waiting = 7; INSERT INTO chunks VALUES (9 << 10, x'00')")
        #expect(
            try await world.arrivals.check() == [
                "sealed arrivals: 1 messages do not open and were put aside",
                "sealed arrivals: chunks are missing or too many, of message 2",
                "sealed arrivals: chunks belong to no message: 9",
                "sealed arrivals: the figures of what waits are not those of the messages: 7",
            ])
        try await world.inbound.removeArrivals(world.place)
        #expect(try await world.arrivals.check() == ["sealed arrivals: the file is not there"])
    }

    /// A program that was killed while it switched zero access on leaves one that nobody delivers to.
    @Test func aFileThatNeverCameIntoUseIsRemovedAfterAnHour() async throws {
        let world = try await ZeroAccessFixture()
        let path = "\(world.folder.path)/\(world.place.file).arrivals.db"
        await world.inbound.close()
        func exists() -> Bool { FileManager.default.fileExists(atPath: path) }
        func age(_ path: String) throws {
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -4_000)], ofItemAtPath: path)
        }
        world.access.removeLeavings(named: [])
        #expect(exists())
        try age(path)
        try age(path + ".unused")
        world.access.removeLeavings(named: [world.place.file])
        #expect(exists())
        world.access.removeLeavings(named: [])
        #expect(!exists() && !FileManager.default.fileExists(atPath: path + ".unused"))
    }

    @Test func aFileInUseIsKeptWhateverConfigurationSaysOfIt() async throws {
        let world = try await ZeroAccessFixture()
        world.inbound.useArrivals(world.place.file)
        try await world.arrivals.deliver(message("wait"))
        await world.inbound.close()
        let path = "\(world.folder.path)/\(world.place.file).arrivals.db"
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -4_000)], ofItemAtPath: path)
        world.access.removeLeavings(named: [])
        #expect(FileManager.default.fileExists(atPath: path))
    }

    // MARK: After a restore

    /// A closed account's file that came out of a backup is raised by whoever opens it first.
    @Test func aRestoredFileIsRaisedWhenItIsOpened() async throws {
        let world = try await ZeroAccessFixture()
        _ = try await world.store.deliver(message("old"))
        let before = try await world.store.select(.inbox).state
        await world.access.close(world.account)
        let path = "\(world.folder.path)/\(world.account).db"
        try AccountFile.noteRestored(path: path)
        let after = try await world.store.select(.inbox).state
        #expect(after.uidNext >= before.uidNext + 1_000_000 && after.highestModseq > before.highestModseq)
        #expect(try await world.inbox() == [message("old")])
        await world.access.close(world.account)
        #expect(try await world.store.select(.inbox).state == after)
    }
}
