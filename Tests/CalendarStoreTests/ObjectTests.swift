// SPDX-License-Identifier: Apache-2.0
import CalendarStore
import Testing

@Suite struct ObjectTests {
    @Test func bytesComeBackAndTheTagIsTheirs() async throws {
        let fixture = try await Fixture()
        let data: [UInt8] = [0, 0xFF, 0x0D, 0x0A, 0x41]
        let card = NewObject(name: "a.vcf", uid: "u", data: data, index: .card(text: "anna"))
        let (etag, isNew) = try await fixture.store.put(.addressBook, "contacts", card)
        #expect(isNew)
        let found = try await fixture.store.object(.addressBook, "contacts", "a.vcf")
        #expect(found.data == data && found.metadata.etag == etag && found.metadata.size == 5)
        #expect(try await fixture.put("1", "same") == fixture.put("2", "same"))
        #expect(try await fixture.put("3", "other") != fixture.put("4", "same"))
    }

    @Test func preconditionsDecideInTheTransaction() async throws {
        let fixture = try await Fixture()
        await #expect(throws: CollectionError.preconditionFailed) { try await fixture.put("a", "0", .exists) }
        let first = try await fixture.put("a", "1", .isNew)
        await #expect(throws: CollectionError.preconditionFailed) { try await fixture.put("a", "2", .isNew) }
        let second = try await fixture.put("a", "2", .isOneOf(["x", first]))
        await #expect(throws: CollectionError.preconditionFailed) {
            try await fixture.put("a", "3", .isOneOf([first]))
        }
        await #expect(throws: CollectionError.preconditionFailed) {
            try await fixture.store.remove(.calendar, "calendar", "a", .isOneOf([first]))
        }
        try await fixture.store.remove(.calendar, "calendar", "a", .isOneOf([second]))
        await #expect(throws: CollectionError.noSuchObject) {
            try await fixture.store.remove(.calendar, "calendar", "a")
        }
    }

    @Test func ofManyWithTheSameTagOneWins() async throws {
        let fixture = try await Fixture()
        let etag = try await fixture.put("a", "0")
        let wins = await withTaskGroup(of: Bool.self) { group in
            for number in 1...10 {
                group.addTask { (try? await fixture.put("a", "\(number)", .isOneOf([etag]))) != nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(wins == 1)
    }

    @Test func whatMayNotBeIsRefused() async throws {
        var limits = CollectionLimits()
        limits.objects = 2
        limits.objectBytes = 10
        let fixture = try await Fixture(limits: limits)
        try await fixture.put("a", uid: "u")
        await #expect(throws: CollectionError.uidConflict("a")) { try await fixture.put("b", uid: "u") }
        try await fixture.put("a", "new", uid: "v")
        try await fixture.put("b", uid: "u")
        await #expect(throws: CollectionError.limit) { try await fixture.put("c") }
        try await fixture.put("b", "in place", uid: "u")
        await #expect(throws: CollectionError.tooLarge(limit: 10)) { try await fixture.put("b", "12345678901") }
        await #expect(throws: CollectionError.invalidName) { try await fixture.put("") }
        try await fixture.store.create(
            .calendar, "tasks", CollectionProperties(displayName: "T", components: ["VTODO"]))
        await #expect(throws: CollectionError.unsupportedComponent) {
            try await fixture.store.put(.calendar, "tasks", event("x"))
        }
    }

    @Test func cardsWithoutUIDAreInNoConflict() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        for name in ["a", "b"] {
            let card = NewObject(name: name, uid: "", data: [1], index: .card(text: ""))
            _ = try await store.put(.addressBook, "contacts", card)
        }
        #expect(try await store.objects(.addressBook, "contacts").map(\.name) == ["a", "b"])
    }

    @Test func aTimeFindsWhatMayTouchIt() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        for object in [
            event("before", start: 0, end: 50), event("touching", start: 90, end: 100),
            event("inside", start: 110, end: 120),
            event("endless", start: 10, end: nil), event("after", start: 200, end: 300),
            event("timeless", component: "VTODO", start: nil, end: nil),
        ] { _ = try await store.put(.calendar, "calendar", object) }
        #expect(
            try await store.objects(in: "calendar", during: 100..<200).map(\.name) == [
                "endless", "inside", "timeless", "touching",
            ])
        #expect(
            try await store.objects(in: "calendar", during: 100..<200, component: "VTODO").map(\.name) == ["timeless"])
    }

    @Test func manyAreReadInPieces() async throws {
        let fixture = try await Fixture()
        for name in ["a", "b", "c"] { try await fixture.put(name, String(repeating: name, count: 100)) }
        var names = ["c", "none", "a", "b"][...]
        var found: [String] = []
        while !names.isEmpty {
            let piece = try await fixture.store.objects(.calendar, "calendar", named: names, bytes: 150)
            #expect(piece.taken > 0 && piece.objects.count <= 2)
            names = names.dropFirst(piece.taken)
            found += piece.objects.map(\.metadata.name)
        }
        #expect(found == ["c", "a", "b"])
    }
}
