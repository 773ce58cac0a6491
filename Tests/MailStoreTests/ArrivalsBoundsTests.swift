// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import GRDB
import SealedSQLite
import Synchronization
import TestSupport
import Testing

@testable import MailStore

/// What sealed mail may take, and how often it is taken in.
@Suite struct ArrivalsBoundsTests {
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
}
