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

    private func filler(_ bytes: Int) -> [UInt8] {
        Array("Subject: \(bytes)\r\n\r\n".utf8) + (0..<bytes).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) | 1 }
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

    // MARK: What does not open

    @Test(arguments: [
        "UPDATE arrivals SET head = x'0101' WHERE id = 2",
        "UPDATE arrivals SET head = x'0201' || substr(head, 3) WHERE id = 2",
        "UPDATE arrivals SET head = x'0102' || substr(head, 3) WHERE id = 2",
        "UPDATE arrivals SET head = substr(head, 1, 2) || x'00' || substr(head, 4) WHERE id = 2",
        "UPDATE arrivals SET head = substr(head, 1, 1121) || x'00' WHERE id = 2",
        "UPDATE arrivals SET head = (SELECT head FROM arrivals WHERE id = 1) WHERE id = 2",
        "UPDATE arrivals SET arrival = zeroblob(16) WHERE id = 2",
        "UPDATE arrivals SET arrival = x'' WHERE id = 2",
        "UPDATE arrivals SET size = size + 1 WHERE id = 2",
        "UPDATE arrivals SET size = -1 WHERE id = 2",
        "UPDATE arrivals SET size = 9223372036854775000 WHERE id = 2",
        // The end, the middle, everything is missing; two changed places; one of another message.
        "DELETE FROM chunks WHERE id = (2 << 10) + 3",
        "DELETE FROM chunks WHERE id = (2 << 10) + 1",
        "DELETE FROM chunks WHERE id >> 10 = 2",
        "DELETE FROM chunks WHERE id = (2 << 10) + 3; UPDATE arrivals SET size = 393205 WHERE id = 2",
        "UPDATE chunks SET id = id + 500 WHERE id = (2 << 10) + 1; UPDATE chunks SET id = id - 1 WHERE id = (2 << 10) + 2;"
            + " UPDATE chunks SET id = id - 499 WHERE id = (2 << 10) + 501",
        "UPDATE chunks SET data = (SELECT data FROM chunks WHERE id = 1 << 10) WHERE id = 2 << 10",
        "UPDATE chunks SET data = x'00' || substr(data, 2) WHERE id = 2 << 10",
        "UPDATE chunks SET data = zeroblob(200000) WHERE id = 2 << 10",
        "UPDATE chunks SET data = x'' WHERE id = 2 << 10",
    ])
    func whatDoesNotOpenIsPutAside(_ damage: String) async throws {
        let world = try await ZeroAccessFixture()
        let messages = [filler(1_000), filler(3 * ArrivalSeal.chunkBytes + 5), filler(2_000)]
        for text in messages { try await world.arrivals.deliver(text) }
        try await world.tamper(damage)
        #expect(try await world.file() == Filed(messages: 2, refused: 1))
        #expect(try await world.inbox() == [messages[0], messages[2]])
        let state = try await world.arrivals.state()
        #expect(state.refused == 1 && state.waiting == 0)
        // It hinders nobody, and is not looked at all the time.
        try await world.arrivals.deliver(messages[2])
        #expect(try await world.file() == Filed(messages: 1, refused: 0))
        #expect(try await world.arrivals.state().refused == 1)
    }

    @Test func everyBitOfASealedMessageCounts() async throws {
        let world = try await ZeroAccessFixture()
        let sender = try ArrivalSender(to: world.key.publicKey, of: world.account)
        func seal() throws -> [UInt8] {
            var sender = sender
            return [UInt8](try sender.seal(ArrivalHeader(arrived: .now()).bytes + Array("text".utf8), isLast: true))
        }
        func opens(_ head: [UInt8], _ id: [UInt8], _ chunk: [UInt8], isLast: Bool = true) -> Bool {
            guard
                var recipient = try? ArrivalRecipient(head: head, id: id, account: world.account, key: world.key)
            else { return false }
            return (try? recipient.open(Data(chunk), isLast: isLast)) != nil
        }
        let chunk = try seal()
        #expect(opens(sender.head, sender.id, chunk))
        #expect(!opens(sender.head, sender.id, chunk, isLast: false))
        for bit in stride(from: 0, to: sender.head.count * 8, by: 7) {
            var head = sender.head
            head[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!opens(head, sender.id, chunk), "bit \(bit) of the head")
        }
        for bit in 0..<chunk.count * 8 {
            var chunk = chunk
            chunk[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!opens(sender.head, sender.id, chunk), "bit \(bit) of the chunk")
        }
    }

    @Test func mailOfAnotherAccountDoesNotOpen() async throws {
        let (mine, theirs) = (try await ZeroAccessFixture(), try await ZeroAccessFixture())
        // Sealed to my key, but for them; then its rows are moved.
        let place = ArrivalsPlace(
            account: theirs.account, file: theirs.place.file, key: theirs.place.key, publicKey: mine.key.publicKey)
        try await Arrivals(place: place, directory: theirs.inbound).deliver(message("theirs"))
        let (arrival, head, data) = try await theirs.arrivals.read { db in
            let row = try #require(try Row.fetchOne(db, sql: "SELECT arrival, head, data FROM arrivals, chunks"))
            return (row[0] as Data, row[1] as Data, row[2] as Data)
        }
        try await mine.tamper(
            "INSERT INTO arrivals (id, arrival, at, size, head) VALUES (1, ?, 0, ?, ?)",
            [arrival, message("theirs").count, head])
        try await mine.tamper("INSERT INTO chunks VALUES (1 << 10, ?)", [data])
        try await mine.arrivals.deliver(message("mine"))
        #expect(try await mine.file() == Filed(messages: 1, refused: 1))
        #expect(try await mine.inbox() == [message("mine")])
    }

    @Test func whatDidNotOpenIsTriedAgainAfterADay() async throws {
        let world = try await ZeroAccessFixture()
        try await world.arrivals.deliver(message("mended"))
        let chunk = try await world.arrivals.read { try Data.fetchOne($0, sql: "SELECT data FROM chunks") }
        try await world.tamper("UPDATE chunks SET data = x''")
        #expect(try await world.file().refused == 1)
        try await world.tamper("UPDATE chunks SET data = ?", [chunk])
        #expect(try await world.file() == Filed())
        try await world.tamper("UPDATE arrivals SET refused = refused - 86401")
        #expect(try await world.file() == Filed(messages: 1, refused: 0))
        #expect(try await world.arrivals.state().waiting == 0)
    }

    // MARK: Bounds

    @Test func aDeliveryOfTheSpoolIsTakenInOnce() async throws {
        let world = try await ZeroAccessFixture()
        #expect(try await world.arrivals.deliver(message("one"), deliveryKey: "k"))
        #expect(try await !world.arrivals.deliver(message("one"), deliveryKey: "k"))
        #expect(try await world.file().messages == 1)
        #expect(try await !world.arrivals.deliver(message("one"), deliveryKey: "k"))
        #expect(try await world.file() == Filed())
        // Kept for as long as those of ordinary accounts.
        while try await world.arrivals.tidy() {}
        #expect(try await !world.arrivals.deliver(message("one"), deliveryKey: "k"))
        try await world.tamper("UPDATE delivery_keys SET at = at - 31 * 86400")
        while try await world.arrivals.tidy() {}
        #expect(try await world.arrivals.deliver(message("one"), deliveryKey: "k"))
    }

    @Test func theQuotaCountsWhatLiesAndWhatWaits() async throws {
        let world = try await ZeroAccessFixture()
        let text = message("quota")
        let inbox = try await world.store.mailbox(named: .inbox)
        _ = try await world.store.append(text, to: inbox)
        _ = try await world.file()
        world.quota.set(3 * text.count)
        #expect(try await world.arrivals.deliver(text))
        #expect(try await world.arrivals.hasRoom(for: text.count))
        #expect(try await !world.arrivals.hasRoom(for: text.count + 1))
        await #expect(throws: StoreError.overQuota) { try await world.arrivals.deliver(text + text, deliveryKey: "k") }
        #expect(try await world.arrivals.deliver(text, deliveryKey: "k"))
        await #expect(throws: StoreError.overQuota) { try await world.arrivals.deliver(text) }
        // What was accepted is filed, however small the quota is by now.
        world.quota.set(1)
        #expect(try await world.file().messages == 2)
        let use = StorageUse(messages: 3, messageBytes: 3 * text.count, objectBytes: 0, limit: 1)
        #expect(try await world.arrivals.state().use == use)
        world.quota.set(3 * text.count)
        _ = try await world.store.expunge([1, 2], in: inbox)
        await #expect(throws: StoreError.overQuota) { try await world.arrivals.deliver(text) }
        _ = try await world.file()
        #expect(try await world.arrivals.deliver(text))
    }

    @Test func oneWarningUntilThereIsRoomAgain() async throws {
        let world = try await ZeroAccessFixture()
        let text = message("quota")
        world.quota.set(10 * text.count)
        let told = Mutex<[Int]>([])
        func deliver() async throws {
            try await world.arrivals.deliver(text) { use in
                told.withLock { $0.append(use.messages) }
                return Array("Subject: nearly full\r\n\r\n".utf8)
            }
        }
        for _ in 0..<8 { try await deliver() }
        _ = try await world.file()
        try await deliver()
        #expect(told.withLock { $0 } == [9])
        _ = try await world.file()
        #expect(try await world.inbox().last == Array("Subject: nearly full\r\n\r\n".utf8))
        let inbox = try await world.store.mailbox(named: .inbox)
        _ = try await world.store.expunge([1, 2, 10], in: inbox)
        _ = try await world.file()
        try await deliver()
        try await deliver()
        #expect(told.withLock { $0 } == [9, 9])
    }

    @Test func largeMessagesPassThrough() async throws {
        let world = try await ZeroAccessFixture()
        let limit = world.inbound.limits.messageBytes
        let large = filler(50 << 20)
        try await world.arrivals.deliver(large)
        await #expect(throws: StoreError.messageTooLarge(limit: limit)) {
            try await world.arrivals.deliver([UInt8](repeating: 65, count: limit + 1))
        }
        let longest = try await world.arrivals.read {
            try Int.fetchOne($0, sql: "SELECT max(length(data)) FROM chunks")
        }
        #expect(longest == ArrivalSeal.chunkBytes + ArrivalSeal.tagBytes)
        #expect(try await world.file().messages == 1)
        #expect(try await world.inbox() == [large])
        while try await world.arrivals.tidy() {}
        let pages = try await world.arrivals.read { try Int.fetchOne($0, sql: "PRAGMA page_count") }
        #expect(try #require(pages) < 100)
    }

    @Test func aFileThatIsNotThereLosesNothing() async throws {
        let world = try await ZeroAccessFixture()
        try await world.inbound.removeArrivals(world.place)
        do {
            try await world.arrivals.deliver(message("wait"))
            Issue.record("delivered into nothing")
        } catch { #expect(error.isTemporary) }
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
