// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import IMAPGrammar

/// Commands as RFC 9051 and its extensions write them; most lines are their examples.
@Suite struct CommandTests {
    static func parse(_ line: String) throws -> Command {
        try TaggedCommand(parsing: CommandBytes(line: "a1 " + line)).command
    }

    @Test(arguments: [
        ("CAPABILITY", Command.capability), ("noop", .noop), ("Logout", .logout), ("STARTTLS", .startTLS),
        ("IDLE", .idle),
        ("CHECK", .check), ("CLOSE", .close), ("UNSELECT", .unselect), ("EXPUNGE", .expunge), ("NAMESPACE", .namespace),
        ("LOGIN SMITH SESAME", .login(user: Array("SMITH".utf8), password: Array("SESAME".utf8))),
        ("LOGIN \"a \\\"b\\\\\" ]x", .login(user: Array("a \"b\\".utf8), password: Array("]x".utf8))),
        ("AUTHENTICATE plain", .authenticate(mechanism: "PLAIN", initialResponse: nil)),
        ("AUTHENTICATE PLAIN =", .authenticate(mechanism: "PLAIN", initialResponse: Array("=".utf8))),
        ("ID (\"name\" \"sodr\" \"version\" NIL)", .id),
        ("ENABLE CONDSTORE imap4rev2", .enable(["CONDSTORE", "IMAP4REV2"])),
        ("SELECT INBOX", .select(mailbox: "INBOX", isReadOnly: false, condstore: false)),
        ("EXAMINE inbox (CONDSTORE)", .select(mailbox: "inbox", isReadOnly: true, condstore: true)),
        ("CREATE owatagusiam/", .create(mailbox: "owatagusiam/", specialUse: [])),
        (
            "CREATE MySpecial (USE (\\Drafts \\Sent))",
            .create(mailbox: "MySpecial", specialUse: ["\\Drafts", "\\Sent"])
        ),
        ("DELETE \"a b\"", .delete(mailbox: "a b")),
        ("RENAME blurdybloop sarasoop", .rename(from: "blurdybloop", to: "sarasoop")),
        ("SUBSCRIBE #news.comp.mail.mime", .subscribe(mailbox: "#news.comp.mail.mime")),
        ("UNSUBSCRIBE a", .unsubscribe(mailbox: "a")),
        ("LSUB \"\" %", .lsub(reference: "", pattern: "%")),
        ("STATUS blurdybloop (UIDNEXT MESSAGES)", .status(mailbox: "blurdybloop", items: [.uidNext, .messages])),
        ("STATUS a (SIZE DELETED HIGHESTMODSEQ)", .status(mailbox: "a", items: [.size, .deleted, .highestModseq])),
        (
            "STATUS INBOX (DELETED-STORAGE APPENDLIMIT)",
            .status(mailbox: "INBOX", items: [.deletedStorage, .appendLimit])
        ),
        ("GETQUOTA \"\"", .getQuota(root: "")), ("GETQUOTA #user/alice", .getQuota(root: "#user/alice")),
        ("GETQUOTAROOT INBOX", .getQuotaRoot(mailbox: "INBOX")),
        ("SETQUOTA \"!partition/sda4\" (STORAGE 2000000)", .setQuota), ("SETQUOTA a", .setQuota),
        ("COPY 2:4 MEETING", .copy(.ranges([(2, 4)]), mailbox: "MEETING", byUID: false)),
        ("UID MOVE 42:69 foo", .move(.ranges([(42, 69)]), mailbox: "foo", byUID: true)),
        ("UID EXPUNGE 3000:3002", .uidExpunge(.ranges([(3000, 3002)]))),
        ("MOVE $ foo", .move(.saved, mailbox: "foo", byUID: false)),
    ])
    func isUnderstood(line: String, command: Command) throws { #expect(try Self.parse(line) == command) }

    @Test(arguments: [
        ("SELECT &AMQ-pfel", "Äpfel"), ("SELECT &U,BTFw-", "台北"), ("SELECT a&-b", "a&b"), ("SELECT \"Äpfel\"", "Äpfel"),
        ("SELECT Äpfel", "Äpfel"), ("SELECT \"Q&A für\"", "Q&A für"),
    ])
    func mailboxNamesInBothWritings(line: String, name: String) throws {
        #expect(try Self.parse(line) == .select(mailbox: name, isReadOnly: false, condstore: false))
    }

    @Test(arguments: [
        ("\"R&D\"", "R&D"), ("x&-y", "x&-y"), ("&AOQ-", "&AOQ-"), ("\"Äpfel & Birnen\"", "Äpfel & Birnen"),
    ])
    func withIMAP4rev2AnAmpersandIsItself(text: String, name: String) throws {
        for (line, command) in [
            ("SELECT \(text)", Command.select(mailbox: name, isReadOnly: false, condstore: false)),
            ("LSUB \"\" \(text)", .lsub(reference: "", pattern: name)),
        ] {
            #expect(try TaggedCommand(parsing: CommandBytes(line: "a1 " + line), isUTF8: true).command == command)
        }
    }

    @Test func aLiteralStandsForAString() throws {
        var framing = IMAPFraming()
        framing.append(Array("a1 LOGIN {4+}\r\na\"\0b {1}\r\n".utf8))
        guard case .wantsLiteral(4, false, _)? = framing.next() else { throw Unexpected() }
        framing.acceptLiteral()
        guard case .wantsLiteral(1, true, _)? = framing.next() else { throw Unexpected() }
        framing.acceptLiteral()
        framing.append(Array("x\r\n".utf8))
        guard case .command(let bytes)? = framing.next() else { throw Unexpected() }
        #expect(
            try TaggedCommand(parsing: bytes).command == .login(user: Array("a\"\0b".utf8), password: Array("x".utf8)))
    }

    @Test func appendTakesItsMessageAsALiteralOnly() throws {
        var framing = IMAPFraming()
        framing.append(Array("a1 APPEND saved (\\Seen $x) \" 7-Feb-1994 21:52:25 -0830\" ~{3+}\r\na\0b\r\n".utf8))
        guard case .wantsLiteral? = framing.next() else { throw Unexpected() }
        framing.acceptLiteral()
        guard case .command(let bytes)? = framing.next() else { throw Unexpected() }
        let date = InternalDateText(day: 7, month: 2, year: 1994, hour: 21, minute: 52, second: 25, zoneMinutes: -510)
        #expect(
            try TaggedCommand(parsing: bytes).command
                == .append(mailbox: "saved", flags: ["\\Seen", "$x"], date: date, message: Array("a\0b".utf8)))
        #expect(throws: IMAPSyntaxError.self) { try Self.parse("APPEND saved \"text\"") }
    }

    @Test(arguments: [
        "", " ", "NOOP ", "NOOP x", "XYZZY", "LOGIN a", "LOGIN \"a b", "LOGIN a b c", "SELECT", "SELECT &Jj",
        "SELECT \"a\u{1}&ab\"",
        "SELECT a (QRESYNC (1 2))", "COPY 0 a", "COPY 1: a", "COPY 1,,2 a", "COPY 99999999999 a", "UID NOOP",
        "STATUS a ()",
        "STATUS a (NONE)", "CREATE a (USE \\Sent)", "ENABLE", "RENAME a", "LIST \"\"", "UID", "UID EXPUNGE",
        "APPEND a (\\Seen", "LOGIN \"\\a\" b", "ENABLE A  B", "SEARCH ON 31-Feb-2024", "SEARCH ON 29-Feb-2023",
        "SEARCH ON 31-Nov-2024",
    ])
    func isRefusedWithItsTag(line: String) {
        #expect { try Self.parse(line) } throws: { ($0 as? IMAPSyntaxError)?.tag == "a1" }
    }

    @Test(arguments: [[0xFF, 0xFE], [0xC3], [0xED, 0xA0, 0x80]] as [[UInt8]])
    func aNameThatIsNoUTF8IsRefused(name: [UInt8]) {
        for verb in ["CREATE ", "LIST \"\" "] {
            var framing = IMAPFraming()
            framing.append(Array("a1 \(verb)".utf8) + name + [0x0D, 0x0A])
            guard case .command(let bytes)? = framing.next() else { return #expect(Bool(false)) }
            #expect(throws: IMAPSyntaxError.self) { try TaggedCommand(parsing: bytes) }
        }
    }

    @Test(arguments: ["", "+ NOOP", "(a NOOP", "\"a\" NOOP", " NOOP"])
    func withoutATagNoneIsNamed(line: String) {
        #expect { try TaggedCommand(parsing: CommandBytes(line: line)) } throws: {
            ($0 as? IMAPSyntaxError)?.tag == nil
        }
    }

    @Test func aPeekTellsTagAndName() {
        let (tag, name) = TaggedCommand.peek(CommandBytes(line: "x7 append \"Sent\" "))
        #expect(tag == "x7" && name == "APPEND")
        #expect(TaggedCommand.peek(CommandBytes(line: "x7")).name == "")
    }
}

struct Unexpected: Error {}
