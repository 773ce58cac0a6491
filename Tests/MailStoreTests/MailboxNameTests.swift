// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import MailStore

@Suite struct MailboxNameTests {
    @Test(arguments: ["inbox", "INBOX", "InBoX", "inbox/"])
    func inboxMatchesInAnyCase(_ text: String) throws {
        #expect(try MailboxName(text) == .inbox)
    }

    @Test func aParentInboxIsInCapitalsToo() throws {
        #expect(try MailboxName("inbox/Lists").path == "INBOX/Lists")
        #expect(try MailboxName("Inboxes").path == "Inboxes")
    }

    @Test func namesAreInNFC() throws {
        #expect(try Array(MailboxName("Entwu\u{308}rfe").path.utf8) == Array("Entwürfe".utf8))
    }

    @Test(arguments: [
        "", "/", "//", "a//b", "/a", "a\u{0}b", "a\nb", "a\u{7F}", "a\u{85}b", "a\u{2028}b",
        String(repeating: "x", count: 256), Array(repeating: "a", count: 33).joined(separator: "/"),
        Array(repeating: String(repeating: "b", count: 200), count: 6).joined(separator: "/"),
    ])
    func badNamesAreRefused(_ text: String) {
        #expect(throws: StoreError.self) { try MailboxName(text) }
    }

    @Test func parentsAndChildren() throws {
        let deep = name("a/b/c")
        #expect(deep.ancestors == [name("a"), name("a/b")])
        #expect(deep.isBelow(name("a")))
        #expect(!deep.isBelow(deep))
        #expect(!name("ab/c").isBelow(name("a")))
        #expect(name("한국어/메일").levels == ["한국어", "메일"])
    }
}

@Suite struct UIDSetTests {
    @Test func rangesAreMerged() {
        #expect(UIDSet(ranges: [5...7, 1...2, 3...3, 6...9]).ranges == [1...3, 5...9])
        #expect(UIDSet(ranges: [1...UInt32.max, 5...7]).ranges == [1...UInt32.max])
        #expect(UIDSet([3, 1, 2, 9]).ranges == [1...3, 9...9])
    }

    @Test func membership() {
        let set = UIDSet(ranges: [2...4, 8...8])
        #expect((1...9).filter { set.contains($0) } == [2, 3, 4, 8])
        #expect(Array(set.members) == [2, 3, 4, 8])
        #expect(set.count == 4)
        #expect(!UIDSet().contains(1))
    }

    @Test func insertion() {
        var set = UIDSet()
        for uid in [3, 4, 9, 1, 4, 2] as [UInt32] { set.insert(uid) }
        #expect(set.ranges == [1...4, 9...9])
    }
}

@Suite struct SearchDayTests {
    @Test func daysSince1970() {
        #expect(SearchDay(year: 1970, month: 1, day: 1).number == 0)
        #expect(SearchDay(year: 2000, month: 3, day: 1).number == 11017)
        #expect(SearchDay(year: 1969, month: 12, day: 31).number == -1)
        #expect(SearchDay(year: 2026, month: 11, day: 24).number == 20781)
    }
}
