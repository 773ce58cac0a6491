// SPDX-License-Identifier: Apache-2.0
import CalendarStore
import Testing

@Suite struct CollectionTests {
    @Test func aNewAccountHasOneOfEachAndWhoRemovesThemHasNone() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        for (kind, name, title) in [
            (CollectionKind.calendar, "calendar", "Calendar"), (.addressBook, "contacts", "Contacts"),
        ] {
            let all = try await store.collections(kind)
            #expect(all.map(\.name) == [name] && all[0].properties.displayName == title)
            try await store.delete(kind, name)
            #expect(try await store.collections(kind).isEmpty)
        }
    }

    @Test func propertiesComeBack() async throws {
        let fixture = try await Fixture()
        var wanted = CollectionProperties(displayName: "업무", components: ["VTODO"])
        wanted.description = "What is to do"
        wanted.color = "#FF2968FF"
        wanted.position = 3
        wanted.timeZone = "BEGIN:VCALENDAR"
        wanted.isTransparent = true
        wanted.others = [OtherProperty(namespace: "urn:x", name: "a", xml: "<a xmlns='urn:x'>b</a>")]
        try await fixture.store.create(.calendar, "work", wanted)
        #expect(try await fixture.store.collection(.calendar, "work").properties == wanted)
        #expect(try await fixture.store.collections(.calendar).map(\.name) == ["calendar", "work"])

        let before = try await fixture.store.collection(.calendar, "work").modseq
        try await fixture.store.update(.calendar, "work") { $0.others = [] }
        wanted.others = []
        let after = try await fixture.store.collection(.calendar, "work")
        #expect(after.properties == wanted && after.modseq > before)
        try await fixture.store.update(.calendar, "work") { _ in }
        #expect(try await fixture.store.collection(.calendar, "work").modseq == after.modseq)
    }

    @Test func mistakesAreToldApart() async throws {
        var limits = CollectionLimits()
        limits.collections = 2
        let fixture = try await Fixture(limits: limits)
        let store = fixture.store
        let properties = CollectionProperties(displayName: "x")
        await #expect(throws: CollectionError.collectionExists) {
            try await store.create(.calendar, "calendar", properties)
        }
        for name in ["", String(repeating: "x", count: 256)] {
            await #expect(throws: CollectionError.invalidName) { try await store.create(.calendar, name, properties) }
        }
        try await store.create(.calendar, "second", properties)
        await #expect(throws: CollectionError.limit) { try await store.create(.calendar, "third", properties) }
        await #expect(throws: CollectionError.limit) {
            try await store.update(.calendar, "second") { $0.displayName = String(repeating: "x", count: 70_000) }
        }
        await #expect(throws: CollectionError.noSuchCollection) { try await store.delete(.calendar, "none") }
        await #expect(throws: CollectionError.noSuchCollection) {
            try await store.collection(.addressBook, "calendar")
        }
    }
}
