// SPDX-License-Identifier: Apache-2.0
import GRDB
import Testing

@testable import MailStore

/// Commands on more messages than one transaction changes: others get the writer in between.
@Suite struct StepsTests {
    private static let other = name("Other")

    /// Ten messages in INBOX, three of them at a time.
    private func world() async throws -> (Fixture, inbox: MailboxID) {
        var limits = StoreLimits()
        limits.changedAtOnce = 3
        let fixture = try await Fixture(limits: limits)
        for index in 1...10 { _ = try await fixture.store.deliver(message("\(index)")) }
        try await fixture.store.create(Self.other)
        return (fixture, try await fixture.store.mailbox(named: .inbox))
    }

    @Test func flagsAreStoredInSteps() async throws {
        let (fixture, inbox) = try await world()
        let store = fixture.store
        _ = try await store.setFlags(.add(.init(.seen)), of: [5], in: inbox)
        let stored = try await store.setFlags(.add(.init(.seen, keywords: ["$done"])), of: .all, in: inbox)
        #expect(stored.changed.uids == Array(1...10))
        #expect(Set(stored.changed.modseqs).count == 4)
        #expect(try await store.state(of: inbox) == stored.state)
        #expect(stored.changed.modseqs.max() == stored.state.highestModseq)
        let again = try await store.setFlags(
            .add(.init(.flagged)), of: .all, in: inbox, unchangedSince: stored.changed.modseqs[4])
        #expect(again.changed.uids == Array(1...6) && again.modified.ranges == [7...10])
        let idle = try await store.setFlags(.add(.init(.flagged)), of: [1, 3, 4, 6], in: inbox)
        #expect(idle.unchanged.uids == [1, 3, 4, 6] && idle.changed.isEmpty)
    }

    @Test func whatComesMeanwhileIsNotOfTheCommand() async throws {
        let (fixture, inbox) = try await world()
        let store = fixture.store
        // Its copies have UIDs that `all` would name too.
        let copied = try await store.copy(.all, from: inbox, to: .inbox)
        #expect(copied.source == Array(1...10) && copied.destination == Array(11...20))
        let moved = try await store.move(.all, from: inbox, to: .inbox)
        #expect(moved.copied.source == Array(1...20) && moved.expunged.uids.ranges == [1...20])
        #expect(try await store.status(of: .inbox).messages == 20)
    }

    @Test func movedAndExpungedInSteps() async throws {
        let (fixture, inbox) = try await world()
        let store = fixture.store
        let moved = try await store.move([1, 2, 4, 6, 7, 9], from: inbox, to: Self.other)
        #expect(moved.copied.source == [1, 2, 4, 6, 7, 9] && moved.copied.destination == Array(1...6))
        #expect(Array(moved.expunged.uids.members) == [1, 2, 4, 6, 7, 9])
        _ = try await store.setFlags(.add(.init(.deleted)), of: .all, in: inbox)
        let gone = try await store.expungeDeleted(in: inbox)
        #expect(Array(gone.uids.members) == [3, 5, 8, 10])
        #expect(gone.state == (try await store.state(of: inbox)))
        #expect(try await store.status(of: Self.other).messages == 6)
    }

    /// RFC 9051 section 6.4.7: a COPY that fails leaves the mailbox as it was.
    @Test func aCopyThatFailsInTheMiddleLeavesNothing() async throws {
        let (fixture, inbox) = try await world()
        let store = fixture.store
        let full = MessageFlags(keywords: Set((0..<StoreLimits.keywordsPerMailbox).map { "k\($0)" }))
        let there = try await store.deliver(message("there"), to: Self.other)
        _ = try await store.setFlags(.add(full), of: [1], in: there.mailbox)
        _ = try await store.setFlags(.add(.init(keywords: ["one-too-many"])), of: [8], in: inbox)
        await #expect(throws: StoreError.limit(.keywords)) {
            try await store.copy(.all, from: inbox, to: Self.other)
        }
        #expect(try await store.status(of: Self.other).messages == 1)
        #expect(try await store.status(of: .inbox).messages == 10)
    }

    @Test func aLargeMailboxIsDeletedAndTheInboxRenamed() async throws {
        let (fixture, _) = try await world()
        let store = fixture.store
        try await store.rename(.inbox, to: name("Old/Inbox"))
        #expect(try await store.status(of: .inbox).messages == 0)
        #expect(try await store.status(of: name("Old/Inbox")).messages == 10)
        try await store.delete(name("Old/Inbox"))
        await #expect(throws: StoreError.noSuchMailbox) { try await store.status(of: name("Old/Inbox")) }
        #expect(try await store.use().messages == 0)
        let left = try await store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM changes WHERE last >= 10") }
        #expect(left == 1, "INBOX's own, of what went from there")
    }

    /// What went is remembered for ever, in a number of rows that is bound by the messages that are there.
    @Test func whatIsRememberedOfExpungesIsBounded() async throws {
        var limits = StoreLimits()
        limits.expungesRemembered = 8
        let fixture = try await Fixture(limits: limits)
        let store = fixture.store
        for index in 1...40 { _ = try await store.deliver(message("\(index)")) }
        let inbox = try await store.mailbox(named: .inbox)
        var states = [try await store.state(of: inbox)]
        for uid in (1...30).map(UInt32.init) where uid != 10 {
            states.append(try await store.expunge([uid], in: inbox).state)
        }
        while try await store.tidy() {}
        let rows = try await store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM changes") ?? 0 }
        #expect(rows == 2 + 4, "1 to 9 and 11 to 26 as ranges, the last four one by one")
        let gone = UIDSet(ranges: [1...9, 11...30])
        for (number, state) in states.enumerated() {
            let told = try await store.changes(in: inbox, since: state).expunged
            let needed = gone.members.dropFirst(number)
            #expect(needed.allSatisfy(told.contains), "since \(number)")
            #expect(told.members.allSatisfy(gone.contains), "since \(number)")
        }
        #expect(try await store.changes(in: inbox, since: states[27]).expunged.ranges == [29...30])
        #expect(try await store.select(.inbox).messages.uids == [10] + Array(31...40))
    }
}
