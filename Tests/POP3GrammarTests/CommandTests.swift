// SPDX-License-Identifier: Apache-2.0
import POP3Grammar
import Testing

@Suite struct CommandTests {
    @Test(arguments: [
        ("user anna@example.org", Command.user(Array("anna@example.org".utf8))),
        ("PASS two words ", .pass(Array("two words ".utf8))),
        ("AUTH", .auth(mechanism: nil, initial: nil)),
        ("auth plain AGE=", .auth(mechanism: "PLAIN", initial: Array("AGE=".utf8))),
        ("LIST", .list(nil)), ("LIST 2", .list(2)), ("uidl 000000003", .uidl(3)),
        ("RETR 1", .retr(1)), ("DELE 7", .dele(7)), ("TOP 1 0", .top(1, lines: 0)), ("Quit ", .quit), ("CAPA", .capa),
    ])
    func isUnderstood(line: String, command: Command) throws {
        #expect(try Command(parsing: Array(line.utf8)[...]) == command)
    }

    @Test(arguments: [
        "USER", "USER a b", "PASS", "RETR", "RETR 0", "RETR -1", "RETR +1", "RETR x", "RETR 1 2",
        "RETR 99999999999999999999", "TOP 1",
        "TOP 1 -1", "STAT 1", "AUTH PLAIN a b",
    ])
    func hasWrongArguments(line: String) {
        #expect(throws: CommandError.wrongArguments) { try Command(parsing: Array(line.utf8)[...]) }
    }

    @Test(arguments: ["", " ", "XTND", "RETR1", "\u{0}", "ÜSER a"])
    func isUnknown(line: String) {
        #expect(throws: CommandError.unknown) { try Command(parsing: Array(line.utf8)[...]) }
    }
}

@Suite struct LineReaderTests {
    @Test(arguments: [1, 2, 5, 1_000]) func cutsAnyPieces(size: Int) {
        var reader = LineReader()
        var events: [LineReader.Event] = []
        let bytes = Array("NOOP\r\nSTAT\n\r\nrest".utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            reader.append(Array(bytes[start..<min(start + size, bytes.count)]))
            while let event = reader.next() { events.append(event) }
        }
        #expect(events == [.line(Array("NOOP".utf8)), .line(Array("STAT".utf8)), .line([])])
    }

    @Test func aLongLineIsPassedOver() {
        var reader = LineReader()
        for _ in 0..<100 {
            reader.append([UInt8](repeating: 0x61, count: 1_000))
            #expect(reader.next() == nil)
        }
        reader.append(Array("\r\nNOOP\r\n".utf8))
        #expect(reader.next() == .tooLong)
        #expect(reader.next() == .line(Array("NOOP".utf8)))
    }
}

@Suite struct MultiLineTests {
    @Test(arguments: [1, 3, 100]) func dotsAreDoubled(size: Int) {
        let bytes = Array(".a\r\n..\r\nb.\r\n.".utf8)
        var (text, output) = (MultiLine(), [UInt8]())
        for start in stride(from: 0, to: bytes.count, by: size) {
            text.add(bytes[start..<min(start + size, bytes.count)], to: &output)
        }
        text.end(&output)
        #expect(String(decoding: output, as: UTF8.self) == "..a\r\n...\r\nb.\r\n..\r\n.\r\n")
    }

    @Test func nothingIsADot() {
        var (text, output) = (MultiLine(), [UInt8]())
        text.end(&output)
        #expect(output == Array(".\r\n".utf8))
    }
}
