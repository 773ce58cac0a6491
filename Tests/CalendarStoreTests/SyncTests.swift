// SPDX-License-Identifier: Apache-2.0
import CalendarStore
import Testing

@Suite struct SyncTests {
    @Test func changesAfterATokenAreTold() async throws {
        let fixture = try await Fixture()
        try await fixture.put("a")
        try await fixture.put("b")
        let all = try await fixture.changes(since: nil)
        #expect(all.changed.map(\.name) == ["a", "b"] && all.gone.isEmpty && !all.isTruncated)
        try await fixture.put("c")
        try await fixture.put("a", "new")
        try await fixture.store.remove(.calendar, "calendar", "b")
        let some = try await fixture.changes(since: all.token)
        #expect(some.changed.map(\.name) == ["c", "a"] && some.gone == ["b"])
        let none = try await fixture.changes(since: some.token)
        #expect(none.changed.isEmpty && none.gone.isEmpty && none.token == some.token)
        // Who starts anew hears nothing of what went.
        #expect(try await fixture.changes(since: nil).gone.isEmpty)
    }

    @Test func whatCameBackIsNotGone() async throws {
        let fixture = try await Fixture()
        try await fixture.put("a", "1")
        let token = try await fixture.token
        try await fixture.store.remove(.calendar, "calendar", "a")
        try await fixture.put("a", "2")
        let changes = try await fixture.changes(since: token)
        #expect(changes.changed.map(\.name) == ["a"] && changes.gone.isEmpty)
    }

    @Test func theSameBytesAgainAreNoChange() async throws {
        let fixture = try await Fixture()
        try await fixture.put("a")
        let token = try await fixture.token
        try await fixture.put("a")
        #expect(try await fixture.token == token)
    }

    @Test(arguments: [1, 2, 3]) func aLimitCutsAndLosesNothing(limit: Int) async throws {
        let fixture = try await Fixture()
        for name in ["a", "b", "c"] { try await fixture.put(name) }
        var token = try await fixture.token
        for name in ["d", "e"] { try await fixture.put(name) }
        for name in ["a", "b"] { try await fixture.store.remove(.calendar, "calendar", name) }
        try await fixture.put("c", "new")
        var changed: [String] = []
        var gone: [String] = []
        while true {
            let piece = try await fixture.changes(since: token, limit: limit)
            #expect(piece.changed.count + piece.gone.count <= limit)
            changed += piece.changed.map(\.name)
            gone += piece.gone
            token = piece.token
            guard piece.isTruncated else { break }
        }
        #expect(changed == ["d", "e", "c"] && gone == ["a", "b"])
        #expect(try await fixture.token == token)
    }

    @Test func aTokenThatCannotBeComputedIsNeverAnsweredAsAllGone() async throws {
        let fixture = try await Fixture()
        try await fixture.put("a")
        let token = try await fixture.token
        try await fixture.store.delete(.calendar, "calendar")
        try await fixture.store.create(.calendar, "calendar", CollectionProperties(displayName: "again"))
        let now = try await fixture.token
        let future = SyncToken(collection: now.collection, modseq: now.modseq + 1)
        let other = SyncToken(collection: now.collection + 1, modseq: now.modseq)
        for wrong in [token, future, other] {
            await #expect(throws: CollectionError.invalidSyncToken) { try await fixture.changes(since: wrong) }
        }
    }

    @Test func tokensFromBeforeForgottenRemovalsAreInvalid() async throws {
        var limits = CollectionLimits()
        limits.rememberedRemovals = 3
        let fixture = try await Fixture(limits: limits)
        let start = try await fixture.token
        for number in 1...5 {
            try await fixture.put("\(number)")
            try await fixture.store.remove(.calendar, "calendar", "\(number)")
        }
        await #expect(throws: CollectionError.invalidSyncToken) { try await fixture.changes(since: start) }
        let now = try await fixture.token
        try await fixture.put("last")
        try await fixture.store.remove(.calendar, "calendar", "last")
        #expect(try await fixture.changes(since: now).gone == ["last"])
    }

    @Test func tokensAreURIs() throws {
        let token = SyncToken(collection: 7, modseq: 42)
        #expect(token.description == "urn:mailkeep:sync:7:42" && SyncToken(token.description) == token)
        for text in [
            "", "7:42", "urn:mailkeep:sync:7", "urn:mailkeep:sync:7:42:1", "urn:mailkeep:sync:-7:42",
            "urn:mailkeep:sync:7:99999999999999999999", "urn:mailkeep:sync:7:9223372036854775808",
        ] { #expect(SyncToken(text) == nil) }
    }
}
