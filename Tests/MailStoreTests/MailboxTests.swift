// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import MailStore

@Suite struct MailboxTests {
    @Test func aNewAccountHasItsMailboxes() async throws {
        let fixture = try await Fixture()
        let list = try await fixture.store.list()
        #expect(list.map(\.name.path) == ["INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash"])
        #expect(list.map(\.specialUse) == [nil, .archive, .drafts, .junk, .sent, .trash])
        #expect(list.allSatisfy { $0.isSubscribed && !$0.hasChildren && $0.status?.state.uidNext == 1 })
        #expect(Set(list.compactMap { $0.status?.state.uidValidity }).count == 6)
    }

    @Test func createMakesParents() async throws {
        let store = try await Fixture()
        try await store.store.create(name("a/b/c"))
        let list = try await store.store.list()
        #expect(list.filter { $0.id != nil }.map(\.name.path).contains("a/b"))
        #expect(list.first { $0.name.path == "a" }?.hasChildren == true)
        await #expect(throws: StoreError.mailboxExists) { try await store.store.create(name("a/b")) }
        await #expect(throws: StoreError.mailboxExists) { try await store.store.create(name("inbox")) }
    }

    @Test func deleteLeavesChildren() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        try await store.create(name("a/b"))
        try await store.delete(name("a"))
        let list = try await store.list()
        let parent = try #require(list.first { $0.name.path == "a" })
        #expect(parent.id == nil && parent.hasChildren)
        await #expect(throws: StoreError.hasChildren) { try await store.delete(name("a")) }
        await #expect(throws: StoreError.noSuchMailbox) { try await store.delete(name("nowhere")) }
        await #expect(throws: StoreError.inboxIsFixed) { try await store.delete(.inbox) }
        try await store.delete(name("a/b"))
        #expect(try await store.list().allSatisfy { !$0.name.path.hasPrefix("a") })
    }

    @Test func subscriptionsAreOfNames() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        try await store.subscribe(name("later"))
        try await store.subscribe(name("later"))
        try await store.unsubscribe(name("Junk"))
        var list = try await store.list()
        #expect(list.first { $0.name.path == "later" }?.id == nil)
        #expect(list.first { $0.name.path == "later" }?.isSubscribed == true)
        #expect(list.first { $0.name.path == "Junk" }?.isSubscribed == false)
        try await store.create(name("later"))
        try await store.delete(name("later"))
        list = try await store.list()
        #expect(list.first { $0.name.path == "later" }?.isSubscribed == true)
    }

    @Test func renameTakesChildrenAlong() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        try await store.create(name("a/b/c"))
        let id = try await store.mailbox(named: name("a/b/c"))
        _ = try await store.append(message("one"), to: id)
        let validity = try await store.status(of: name("a/b/c")).state.uidValidity
        try await store.rename(name("a/b"), to: name("x/y"))
        #expect(try await store.mailbox(named: name("x/y/c")) == id)
        #expect(try await store.status(of: name("x/y/c")).state.uidValidity == validity)
        #expect(try await store.uids(in: name("x/y/c")) == [1])
        let names = try await store.list().map(\.name.path)
        #expect(names.contains("a") && names.contains("x") && !names.contains("a/b") && !names.contains("a/b/c"))
        await #expect(throws: StoreError.noSuchMailbox) { try await store.rename(name("a/b"), to: name("z")) }
        await #expect(throws: StoreError.mailboxExists) { try await store.rename(name("x"), to: name("Sent")) }
        await #expect(throws: StoreError.self) { try await store.rename(name("x"), to: name("x/y/z")) }
        // Up into its own parent's place.
        try await store.delete(name("x"))
        try await store.rename(name("x/y"), to: name("x"))
        #expect(try await store.mailbox(named: name("x/c")) == id)
    }

    @Test func renameOfInboxMovesItsMessages() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        try await store.create(name("INBOX/child"))
        for subject in ["one", "two"] { _ = try await store.deliver(message(subject), flags: .init(.flagged)) }
        let before = try await store.select(.inbox)
        try await store.rename(.inbox, to: name("old/mail"))
        let moved = try await store.select(name("old/mail"))
        #expect(moved.messages.uids == [1, 2])
        #expect(try await store.bytes(2, in: moved.id) == message("two"))
        let changes = try await store.changes(in: before.id, since: before.state)
        #expect(changes.expunged.ranges == [1...2])
        #expect(changes.state.uidValidity == before.state.uidValidity && changes.state.uidNext == 3)
        #expect(try await store.uids().isEmpty)
        _ = try await store.mailbox(named: name("INBOX/child"))
    }

    @Test func uidValidityIsNeverUsedTwice() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        var seen = Set(try await store.list().compactMap { $0.status?.state.uidValidity })
        var last: UInt32 = seen.max()!
        for _ in 0..<5 {
            try await store.create(name("again"))
            _ = try await store.deliver(message("x"), to: name("again"))
            let state = try await store.status(of: name("again")).state
            #expect(state.uidValidity > last && seen.insert(state.uidValidity).inserted && state.uidNext == 2)
            last = state.uidValidity
            try await store.delete(name("again"))
        }
        // A mailbox renamed to a name that once had a higher UIDVALIDITY gets a new one.
        try await store.create(name("older"))
        try await store.create(name("newer"))
        let newer = try await store.status(of: name("newer")).state.uidValidity
        try await store.rename(name("newer"), to: name("gone"))
        try await store.rename(name("older"), to: name("newer"))
        #expect(try await store.status(of: name("newer")).state.uidValidity > newer)
    }

    @Test func aNewMailboxOfTheNameIsAnother() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        let old = try await store.create(name("m"))
        _ = try await store.append(message("secret"), to: old)
        try await store.delete(name("m"))
        let new = try await store.create(name("m"))
        #expect(new != old)
        #expect(try await store.uids(in: name("m")).isEmpty)
        await #expect(throws: StoreError.noSuchMailbox) { try await store.append(message("x"), to: old) }
        await #expect(throws: StoreError.noSuchMailbox) { _ = try await store.state(of: old) }
    }

    @Test func mailboxesAreBounded() async throws {
        var limits = StoreLimits()
        limits.mailboxes = 8
        let fixture = try await Fixture(limits: limits)
        try await fixture.store.create(name("7/8"))
        await #expect(throws: StoreError.limit(.mailboxes)) { try await fixture.store.create(name("9")) }
    }

    @Test func statusCountsAreKept() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        let sizes = [message("a").count, message("bb").count, message("ccc").count]
        _ = try await store.deliver(message("a"))
        _ = try await store.deliver(message("bb"), flags: .init(.seen))
        let inbox = try await store.deliver(message("ccc")).mailbox
        var status = try await store.status(of: .inbox)
        #expect((status.messages, status.unseen, status.deleted, status.size) == (3, 2, 0, sizes.reduce(0, +)))
        #expect(status.recent == 3)
        _ = try await store.setFlags(.add(.init([.deleted, .seen])), of: [1, 2], in: inbox)
        status = try await store.status(of: .inbox)
        #expect((status.unseen, status.deleted) == (1, 2))
        _ = try await store.expungeDeleted(in: inbox, among: [2, 3])
        status = try await store.status(of: .inbox)
        #expect((status.messages, status.unseen, status.deleted, status.size) == (2, 1, 1, sizes[0] + sizes[2]))
    }
}
