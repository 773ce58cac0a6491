// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import IMAPGrammar

@Suite struct SearchTests {
    static func search(_ text: String) throws -> SearchCommand {
        guard case .search(let command) = try CommandTests.parse("SEARCH " + text) else { throw Unexpected() }
        return command
    }

    static func text(_ word: String) -> [UInt8] { Array(word.utf8) }

    @Test(arguments: [
        (
            "FLAGGED SINCE 1-Feb-1994 NOT FROM \"Smith\"",
            SearchKey.and([.flagged, .since(.init(year: 1994, month: 2, day: 1)), .not(.header("FROM", text("Smith")))])
        ),
        ("OR UNSEEN (LARGER 10 SMALLER 20)", .or(.unseen, .and([.larger(10), .smaller(20)]))),
        ("1:3,7", .sequence(.ranges([(1, 3), (7, 7)]))), ("*", .sequence(.ranges([(nil, nil)]))),
        ("$", .sequence(.saved)),
        ("UID 5:*", .uid(.ranges([(5, nil)]))), ("HEADER \"X-A\" \"\"", .header("X-A", [])),
        ("KEYWORD $x UNKEYWORD y", .and([.keyword("$x"), .unkeyword("y")])), ("MODSEQ 620162338", .modseq(620_162_338)),
        ("MODSEQ \"/flags/\\\\draft\" all 1", .modseq(1)), ("BODY \"a b\"", .body(text("a b"))),
        ("TEXT x", .text(text("x"))),
        ("SENTON \"2-Jan-2020\"", .sentOn(.init(year: 2020, month: 1, day: 2))), ("NOT NOT ALL", .not(.not(.all))),
        ("SUBJECT größe", .header("SUBJECT", text("größe"))),
    ])
    func isUnderstood(line: String, key: SearchKey) throws { #expect(try Self.search(line).key == key) }

    @Test func whatIsReturned() throws {
        #expect(try Self.search("ALL").returns == nil)
        #expect(try Self.search("RETURN () ALL").returns == [.all])
        #expect(try Self.search("RETURN (MIN MAX COUNT SAVE) ALL").returns == [.min, .max, .count, .save])
        #expect(try Self.search("RETURN (MIN) CHARSET utf-8 ALL").charset == "UTF-8")
    }

    @Test(arguments: [
        "", "()", "NOPE", "NOT", "OR ALL", "SINCE tomorrow", "SINCE 32-Jan-2020", "SINCE 1-Jan-20200", "LARGER x",
        "ALL  SEEN", "HEADER a",
        "RETURN (NOPE) ALL", "RETURN (ALL)", "CHARSET", "(ALL", "UID", "LARGER 99999999999999999999",
    ])
    func isRefused(line: String) { #expect(throws: IMAPSyntaxError.self) { try Self.search(line) } }

    @Test func nestingEndsSomewhere() {
        for line in [String(repeating: "NOT ", count: 5_000) + "ALL", String(repeating: "(", count: 5_000) + "ALL"] {
            #expect(throws: IMAPSyntaxError.self) { try Self.search(line) }
        }
    }
}

@Suite struct ListTests {
    static func list(_ text: String) throws -> ListCommand {
        guard case .list(let command) = try CommandTests.parse("LIST " + text) else { throw Unexpected() }
        return command
    }

    @Test func theOldForm() throws {
        let command = try Self.list("\"\" *")
        #expect(command.patterns == ["*"] && !command.isExtended && command.status == nil)
    }

    /// RFC 5258 and RFC 5819 examples.
    @Test func selectionsPatternsAndReturns() throws {
        let command = try Self.list(
            "(SUBSCRIBED RECURSIVEMATCH) \"\" (INBOX \"Drafts\" Sent/%) RETURN (CHILDREN STATUS (MESSAGES UNSEEN))")
        #expect(
            command.selection == [.subscribed, .recursiveMatch] && command.patterns == ["INBOX", "Drafts", "Sent/%"])
        #expect(command.returnsChildren && command.status == [.messages, .unseen] && command.isExtended)
        #expect(try Self.list("(SPECIAL-USE) \"\" \"*\"").selection == [.specialUse])
        #expect(try Self.list("\"\" % RETURN (SUBSCRIBED SPECIAL-USE)").returnsSpecialUse)
    }

    @Test(arguments: [
        "", "\"\"", "() \"\"", "(NOPE) \"\" *", "(RECURSIVEMATCH) \"\" *", "\"\" ()", "\"\" * RETURN",
        "\"\" * RETURN (NOPE)", "\"\" * *",
        "\"\" * RETURN (STATUS)",
    ])
    func isRefused(line: String) { #expect(throws: IMAPSyntaxError.self) { try Self.list(line) } }
}
