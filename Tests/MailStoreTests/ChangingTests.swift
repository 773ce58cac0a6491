// SPDX-License-Identifier: Apache-2.0
import GRDB
import Testing

@testable import MailStore

@Suite struct ChangingTests {
    @Test func flagsAreReplacedAddedRemoved() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        for index in 1...3 { _ = try await store.deliver(message("\(index)")) }
        let inbox = try await store.mailbox(named: .inbox)
        let before = try await store.state(of: inbox)
        var stored = try await store.setFlags(.add(.init(.seen, keywords: ["$label1"])), of: [1, 3, 77], in: inbox)
        #expect(stored.changed.uids == [1, 3] && stored.unchanged.isEmpty && stored.modified.isEmpty)
        #expect(stored.state.highestModseq == before.highestModseq + 1)
        #expect(Set(stored.changed.modseqs) == [stored.state.highestModseq])
        #expect(stored.keywords.flags(stored.changed.flags[0]) == .init(.seen, keywords: ["$label1"]))
        stored = try await store.setFlags(.add(.init(.seen, keywords: ["$LABEL1"])), of: .all, in: inbox)
        #expect(stored.changed.uids == [2] && stored.unchanged.uids == [1, 3])
        stored = try await store.setFlags(.remove(.init(.seen, keywords: ["unknown"])), of: [1], in: inbox)
        #expect(stored.keywords.flags(stored.changed.flags[0]) == .init(keywords: ["$label1"]))
        stored = try await store.setFlags(.replace(.init([.flagged, .answered])), of: [1], in: inbox)
        let flags = try await store.metadata(of: .all, in: inbox).map(\.flags)
        #expect(flags[0] == .init([.flagged, .answered]))
        #expect(flags[1] == .init(.seen, keywords: ["$label1"]))
        // Nothing to do takes no modseq.
        let idle = try await store.setFlags(.add(.init(.flagged)), of: [1], in: inbox)
        #expect(idle.state == stored.state && idle.changed.isEmpty)
    }

    @Test func unchangedSince() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        let first = try await store.deliver(message("1"))
        let second = try await store.deliver(message("2"))
        let stored = try await store.setFlags(
            .add(.init(.deleted)), of: .all, in: first.mailbox, unchangedSince: first.modseq)
        #expect(stored.changed.uids == [1] && stored.modified.ranges == [2...2])
        let again = try await store.setFlags(
            .add(.init(.seen)), of: [1, 2], in: first.mailbox, unchangedSince: second.modseq)
        #expect(again.changed.uids == [2] && again.modified.ranges == [1...1])
    }

    @Test func keywordsAreBoundedAndTakenBack() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        let inbox = try await store.deliver(message("1")).mailbox
        let full = MessageFlags(keywords: Set((0..<StoreLimits.keywordsPerMailbox).map { "k\($0)" }))
        _ = try await store.setFlags(.add(full), of: [1], in: inbox)
        #expect(try await store.metadata(of: [1], in: inbox).first?.flags == full)
        await #expect(throws: StoreError.limit(.keywords)) {
            try await store.setFlags(.add(.init(keywords: ["more"])), of: [1], in: inbox)
        }
        _ = try await store.setFlags(.remove(.init(keywords: ["k7", "k9"])), of: [1], in: inbox)
        let stored = try await store.setFlags(.add(.init(keywords: ["more"])), of: [1], in: inbox)
        let expected = full.keywords.subtracting(["k7", "k9"]).union(["more"])
        #expect(stored.keywords.flags(stored.changed.flags[0]).keywords == expected)
        for bad in ["", "a b", "a(", "\\Seen", "ü", "a\u{1}", String(repeating: "x", count: 101)] {
            await #expect(throws: StoreError.self) {
                try await store.setFlags(.add(.init(keywords: [bad])), of: [1], in: inbox)
            }
        }
    }

    @Test func aCopyOutlivesItsOriginal() async throws {
        var limits = StoreLimits()
        limits.bodyGraceSeconds = -10
        let fixture = try await Fixture(limits: limits)
        let store = fixture.store
        let flags = MessageFlags([.seen, .flagged], keywords: ["b", "a"])
        let date = InternalDate(seconds: 1_234_567_890, zoneMinutes: 60)
        let inbox = try await store.deliver(message("1"), flags: flags, internalDate: date).mailbox
        _ = try await store.deliver(message("2"))
        // Other bits for the same keywords.
        let archive = try await store.deliver(message("0"), to: name("Archive"), flags: .init(keywords: ["z"])).mailbox
        let copied = try await store.copy([1, 2, 9], from: inbox, to: name("Archive"))
        #expect(copied.source == [1, 2] && copied.destination == [2, 3] && copied.mailbox == archive)
        _ = try await store.expunge([1, 2], in: inbox)
        while try await store.tidy() {}
        let copies = try await store.metadata(of: [2, 3], in: archive)
        #expect(copies[0].flags == flags && copies[0].internalDate == date)
        #expect(try await store.readAll(copies[0].body) == message("1"))
        #expect(try await store.readAll(copies[1].body) == message("2"))
        await #expect(throws: StoreError.noSuchMailbox) {
            try await store.copy([2], from: archive, to: name("nowhere"))
        }
        #expect(try await store.copy([77], from: archive, to: .inbox).source.isEmpty)
    }

    @Test func moveIsOneStep() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        let flags = MessageFlags(.answered, keywords: ["x"])
        let inbox = try await store.deliver(message("1"), flags: flags).mailbox
        _ = try await store.deliver(message("2"))
        let before = try await store.select(name("Trash"))
        let source = try await store.state(of: inbox)
        let moved = try await store.move([1], from: inbox, to: name("Trash"))
        #expect(moved.copied.source == [1] && moved.copied.destination == [1] && moved.expunged.uids.ranges == [1...1])
        #expect(moved.expunged.state == (try await store.state(of: inbox)))
        #expect(try await store.uids() == [2])
        #expect(try await store.changes(in: inbox, since: source).expunged.ranges == [1...1])
        let changes = try await store.changes(in: before.id, since: before.state)
        #expect(changes.new.uids == [1] && changes.changed.isEmpty)
        #expect(changes.keywords.flags(changes.new.flags[0]) == flags)
        // Into the same mailbox.
        let same = try await store.move([2], from: inbox, to: .inbox)
        #expect(same.copied.destination == [3])
        #expect(try await store.uids() == [3])
    }

    @Test func expungeTakesOnlyTheDeleted() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        for index in 1...5 {
            _ = try await store.deliver(message("\(index)"), flags: index == 3 ? .init() : .init(.deleted))
        }
        let inbox = try await store.mailbox(named: .inbox)
        var expunged = try await store.expungeDeleted(in: inbox, among: UIDSet(2...3))
        #expect(expunged.uids.ranges == [2...2])
        expunged = try await store.expungeDeleted(in: inbox)
        #expect(expunged.uids.ranges == [1...1, 4...5])
        #expect(try await store.uids() == [3])
        let idle = try await store.expungeDeleted(in: inbox)
        #expect(idle.uids.isEmpty && idle.state == expunged.state)
    }

    @Test func changesTellEachThingOnce() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        for index in 1...4 { _ = try await store.deliver(message("\(index)")) }
        let start = try await store.select(.inbox)
        #expect(try await store.changes(in: start.id, since: start.state).isEmpty)
        _ = try await store.setFlags(.add(.init(.seen)), of: [2], in: start.id)
        _ = try await store.expunge([3], in: start.id)
        _ = try await store.deliver(message("5"))
        _ = try await store.deliver(message("6"))
        _ = try await store.expunge([5], in: start.id)
        let changes = try await store.changes(in: start.id, since: start.state)
        #expect(changes.changed.uids == [2] && changes.new.uids == [6] && changes.expunged.ranges == [3...3])
        #expect(changes.state.uidNext == 7)
        #expect(try await store.changes(in: start.id, since: changes.state).isEmpty)
        // Another mailbox's changes are not ours.
        _ = try await store.deliver(message("7"), to: name("Junk"))
        #expect(try await store.state(of: start.id) == changes.state)
    }

    @Test func recentIsClaimedOnce() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        _ = try await store.deliver(message("1"))
        #expect(try await store.select(.inbox).firstRecentUID == 1)
        #expect(try await store.select(.inbox, claimingRecent: true).firstRecentUID == 1)
        #expect(try await store.select(.inbox, claimingRecent: true).firstRecentUID == 2)
        #expect(try await store.status(of: .inbox).recent == 0)
        _ = try await store.deliver(message("2"))
        #expect(try await store.status(of: .inbox).recent == 1)
        #expect(try await store.select(.inbox, claimingRecent: true).firstRecentUID == 2)
    }

    @Test func bytesStayForTheirGrace() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        let inbox = try await store.deliver(message("sending")).mailbox
        let body = try #require(try await store.metadata(of: [1], in: inbox).first).body
        _ = try await store.expunge([1], in: inbox)
        while try await store.tidy() {}
        #expect(try await store.readAll(body) == message("sending"))
        #expect(try await store.search(.text("sending"), in: inbox).uids == [])
    }

    @Test func spaceComesBack() async throws {
        var limits = StoreLimits()
        limits.bodyGraceSeconds = -10
        let fixture = try await Fixture(limits: limits)
        let store = fixture.store
        let inbox = try await store.deliver(
            message("large", String(repeating: "unforgettable words\r\n", count: 20_000))
                + CompressionTests.noise(4_000_000)
        ).mailbox
        let pages = try await store.read { try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0 }
        let body = try #require(try await store.metadata(of: [1], in: inbox).first).body
        _ = try await store.expunge([1], in: inbox)
        var steps = 0
        while try await store.tidy(), steps < 1000 { steps += 1 }
        #expect(steps < 1000)
        await #expect(throws: StoreError.noSuchBody) { try await store.readAll(body) }
        let left = try await store.read { db in
            try ["bodies", "chunks", "texts"].map { try Int.fetchOne(db, sql: "SELECT count(*) FROM \($0)") }
        }
        #expect(left == [0, 0, 0])
        #expect(try await store.read { try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0 } < pages / 4)
        try await store.write { try $0.execute(sql: "INSERT INTO text_index(text_index) VALUES ('integrity-check')") }
    }

    @Test func maildropIsTheInbox() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        for index in 1...3 { _ = try await store.deliver(message("\(index)")) }
        let drop = try await store.maildrop()
        #expect(drop.messages.map(\.size) == (1...3).map { message("\($0)").count })
        #expect(Set(drop.messages.map(\.uniqueID)).count == 3)
        _ = try await store.expunge([2], in: drop.mailbox)
        let again = try await store.maildrop()
        #expect(again.messages.map(\.uniqueID) == [drop.messages[0].uniqueID, drop.messages[2].uniqueID])
        #expect(try await store.readAll(again.messages[1].body) == message("3"))
    }
}
