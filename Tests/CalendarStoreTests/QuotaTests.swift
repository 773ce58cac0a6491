// SPDX-License-Identifier: Apache-2.0
import CalendarStore
import MailStore
import Synchronization
import Testing

/// Objects count with the mail of the account.
@Suite struct QuotaTests {
    private func card(_ name: String, _ size: Int) -> NewObject {
        NewObject(name: name, uid: "", data: Array(repeating: 0x61, count: size), index: .card(text: ""))
    }

    @Test func objectsCountToTheByte() async throws {
        let fixture = try await Fixture(quota: 100)
        let full = CollectionError.store(.overQuota)
        func used() async throws -> Int { try await fixture.store.use().objectBytes }
        try await fixture.put("a", String(repeating: "x", count: 60))
        await #expect(throws: full) { try await fixture.put("b", String(repeating: "x", count: 41)) }
        _ = try await fixture.store.put(.addressBook, "contacts", card("c", 40))
        #expect(try await used() == 100)
        await #expect(throws: full) { try await fixture.put("b", "1") }
        // In its own place an object needs room only for what it grows by; the same again needs none.
        await #expect(throws: full) { try await fixture.put("a", String(repeating: "x", count: 61)) }
        try await fixture.put("a", String(repeating: "x", count: 60))
        try await fixture.put("a", String(repeating: "y", count: 60))
        try await fixture.put("a", String(repeating: "y", count: 10))
        #expect(try await used() == 50)
        // Mail and objects share the room.
        _ = try await fixture.account.deliver(Array(repeating: 0x61, count: 50))
        #expect(try await fixture.store.use().available == 0)
        await #expect(throws: full) { _ = try await fixture.store.put(.addressBook, "contacts", card("c", 41)) }
        await #expect(throws: StoreError.overQuota) { _ = try await fixture.account.deliver([0x61]) }
        try await fixture.store.remove(.addressBook, "contacts", "c")
        #expect(try await used() == 10)
    }

    @Test func aCollectionThatGoesTakesItsObjectsAlong() async throws {
        let fixture = try await Fixture(quota: 1_000)
        for number in 0..<5 {
            try await fixture.put("\(number)", "12345")
            _ = try await fixture.store.put(.addressBook, "contacts", card("\(number)", 7))
        }
        #expect(try await fixture.store.use().objectBytes == 60)
        try await fixture.store.delete(.calendar, "calendar")
        #expect(try await fixture.store.use().objectBytes == 35)
        try await fixture.store.delete(.addressBook, "contacts")
        #expect(try await fixture.store.use().objectBytes == 0)
    }

    @Test func aCopyCountsAndAMoveDoesNot() async throws {
        let fixture = try await Fixture(quota: 100)
        _ = try await fixture.store.put(.addressBook, "contacts", card("a", 60))
        func transfer(isMove: Bool) async throws {
            _ = try await fixture.store.transfer(
                .addressBook, from: ObjectPlace("contacts", "a"), to: ObjectPlace("contacts", "b"), isMove: isMove,
                overwrites: true)
        }
        await #expect(throws: CollectionError.store(.overQuota)) { try await transfer(isMove: false) }
        try await transfer(isMove: true)
        #expect(try await fixture.store.use().objectBytes == 60)
    }

    /// What was told of a nearly full account is told again after objects made room.
    @Test func objectsThatGoOrShrinkEndTheWarning() async throws {
        let fixture = try await Fixture(quota: 1_000)
        let told = Mutex(0)
        @Sendable func deliver(_ size: Int) async throws {
            _ = try await fixture.account.deliver(Array(repeating: 0x61, count: size)) { _ in
                told.withLock { $0 += 1 }
                return [0x61]
            }
        }
        func put(_ size: Int) async throws {
            _ = try await fixture.store.put(.addressBook, "contacts", card("c", size))
        }
        try await put(500)
        try await deliver(400)
        try await deliver(1)
        #expect(told.withLock { $0 } == 1)
        try await fixture.store.remove(.addressBook, "contacts", "c")
        try await put(500)
        try await deliver(1)
        #expect(told.withLock { $0 } == 2)
        try await put(300)
        try await put(500)
        try await deliver(1)
        #expect(told.withLock { $0 } == 3)
    }
}
