// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import IMAPGrammar

@Suite struct FetchTests {
    static func fetch(_ items: String) throws -> [FetchItem] {
        guard case .fetch(let command) = try CommandTests.parse("FETCH 2:4 \(items)") else { throw Unexpected() }
        return command.items
    }

    @Test(arguments: [
        ("ALL", [FetchItem.flags, .internalDate, .size, .envelope]), ("FAST", [.flags, .internalDate, .size]),
        ("full", [.flags, .internalDate, .size, .envelope, .body]), ("BODY", [.body]),
        ("BODYSTRUCTURE", [.bodyStructure]),
        ("(UID FLAGS MODSEQ)", [.uid, .flags, .modseq]), ("RFC822", [.rfc822]), ("RFC822.HEADER", [.rfc822Header]),
        ("(RFC822.TEXT RFC822.SIZE)", [.rfc822Text, .size]),
        ("BODY[]", [.section(Section(part: [], text: .all), partial: nil, isPeek: false)]),
        (
            "BODY.PEEK[HEADER]<0.2048>",
            [.section(Section(part: [], text: .header), partial: Partial(start: 0, count: 2048), isPeek: true)]
        ),
        ("BODY[4.2.2.1.MIME]", [.section(Section(part: [4, 2, 2, 1], text: .mime), partial: nil, isPeek: false)]),
        ("BODY[3.HEADER]", [.section(Section(part: [3], text: .header), partial: nil, isPeek: false)]),
        ("BODY[2.TEXT]", [.section(Section(part: [2], text: .text), partial: nil, isPeek: false)]),
        (
            "BODY[HEADER.FIELDS (DATE \"FROM\")]",
            [
                .section(
                    Section(part: [], text: .headerFields(["DATE", "FROM"], isNot: false)), partial: nil, isPeek: false)
            ]
        ),
        (
            "BODY.PEEK[1.HEADER.FIELDS.NOT (X)]",
            [.section(Section(part: [1], text: .headerFields(["X"], isNot: true)), partial: nil, isPeek: true)]
        ),
        ("BINARY[1]", [.binary([1], partial: nil, isPeek: false)]),
        ("BINARY.PEEK[1.2]<5.10>", [.binary([1, 2], partial: Partial(start: 5, count: 10), isPeek: true)]),
        ("BINARY.SIZE[]", [.binarySize([])]),
    ])
    func isUnderstood(items: String, wanted: [FetchItem]) throws { #expect(try Self.fetch(items) == wanted) }

    @Test func changesSince() throws {
        guard case .fetch(let command) = try CommandTests.parse("UID FETCH 1:* (FLAGS) (CHANGEDSINCE 12345)") else {
            throw Unexpected()
        }
        #expect(command.changedSince == 12345 && command.byUID && command.set == .ranges([(1, nil)]))
    }

    @Test(arguments: [
        "", "()", "(FLAGS", "FLAGS UID", "BODY.PEEK", "BODY[", "BODY[0]", "BODY[MIME]", "BODY[]<0>", "BODY[]<0.0>",
        "BODY[]<-1.5>",
        "BODY[HEADER.FIELDS ()]", "BODY[HEADER.FIELDS]", "BODY[1.NOPE]", "NOPE", "(FLAGS  UID)", "FLAGS (CHANGEDSINCE)",
        "ALL)",
        "BODY[]<99999999999.1>", "FLAGS (VANISHED)",
    ])
    func isRefused(items: String) { #expect(throws: IMAPSyntaxError.self) { try Self.fetch(items) } }
}

@Suite struct StoreTests {
    @Test(arguments: [
        ("STORE 2:4 +FLAGS (\\Deleted)", StoreCommand.Action.add, false, ["\\Deleted"], UInt64?.none),
        ("STORE 1 FLAGS ()", .replace, false, [], nil),
        ("STORE 1 -flags.silent \\Seen $Forwarded", .remove, true, ["\\Seen", "$Forwarded"], nil),
        ("STORE * (UNCHANGEDSINCE 12121230045) +FLAGS.SILENT (\\Deleted)", .add, true, ["\\Deleted"], 12_121_230_045),
    ])
    func isUnderstood(
        line: String, action: StoreCommand.Action, isSilent: Bool, flags: [String], unchangedSince: UInt64?
    ) throws {
        guard case .store(let command) = try CommandTests.parse(line) else { throw Unexpected() }
        #expect(command.action == action && command.isSilent == isSilent && command.flags == flags)
        #expect(command.unchangedSince == unchangedSince)
    }

    @Test(arguments: [
        "STORE 1", "STORE 1 FLAGS", "STORE 1 *FLAGS (a)", "STORE 1 FLAGS (\\)", "STORE 1 (UNCHANGEDSINCE) FLAGS ()",
    ])
    func isRefused(line: String) { #expect(throws: IMAPSyntaxError.self) { try CommandTests.parse(line) } }
}
