// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import IMAPGrammar

@Suite struct FramingTests {
    @Test(arguments: [1, 3, 1_000]) func commandsComeInAnyPieces(size: Int) {
        var framing = IMAPFraming()
        var texts: [String] = []
        let bytes = Array("a NOOP\r\nb LOGIN {1+}\r\nx {2+}\r\ny\"\r\nc CHECK\nd".utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            framing.append(bytes[start..<min(start + size, bytes.count)])
            while let event = framing.next() {
                switch event {
                case .wantsLiteral: framing.acceptLiteral()
                case .command(let command):
                    texts.append(String(decoding: command.text, as: UTF8.self) + " \(command.literals.map(\.count))")
                default: Issue.record("\(event)")
                }
            }
        }
        #expect(texts == ["a NOOP []", "b LOGIN \0 \0 [1, 2]", "c CHECK []"])
        #expect(!framing.isIdle)
    }

    @Test func whatARefusedLiteralBringsIsPassedOver() {
        var framing = IMAPFraming()
        framing.append(Array("a LOGIN {3+}\r\nabc {2+}\r\nde\r\nb NOOP\r\n".utf8))
        guard case .wantsLiteral(3, false, let soFar)? = framing.next() else { return #expect(Bool(false)) }
        #expect(TaggedCommand.peek(soFar).tag == "a")
        framing.refuseLiteral()
        #expect(framing.next() == .command(CommandBytes(line: "b NOOP")))
    }

    @Test func aSynchronizingClientSendsNoMoreOfARefusedCommand() {
        var framing = IMAPFraming()
        framing.append(Array("a LOGIN {3}\r\n".utf8))
        guard case .wantsLiteral(3, true, _)? = framing.next() else { return #expect(Bool(false)) }
        framing.refuseLiteral()
        framing.append(Array("b NOOP\r\n".utf8))
        #expect(framing.next() == .command(CommandBytes(line: "b NOOP")))
    }

    @Test func aLongLineIsPassedOverAndNothingOfItKept() {
        var framing = IMAPFraming()
        framing.append(Array("tag7 NOOP ".utf8))
        var events: [IMAPFraming.Event] = []
        for _ in 0..<100 {
            framing.append([UInt8](repeating: 0x61, count: 1_000))
            while let event = framing.next() { events.append(event) }
        }
        framing.append(Array("\r\nb NOOP\r\n".utf8))
        while let event = framing.next() { events.append(event) }
        guard events.count == 2, case .tooLong(let start) = events[0] else { return #expect(Bool(false), "\(events)") }
        #expect(TaggedCommand.peek(start).tag == "tag7")
        #expect(events[1] == .command(CommandBytes(line: "b NOOP")))
    }

    @Test(arguments: ["a NOOP {1a}\r\n", "a NOOP {}\r\n", "a NOOP {9999999999999999999}\r\n", "a NOOP {1++}\r\n"])
    func bracesThatAreNoLiteralAreText(line: String) {
        var framing = IMAPFraming()
        framing.append(Array(line.utf8))
        #expect(framing.next() == .command(CommandBytes(line: String(line.dropLast()))))
    }

    @Test func aNULIsNoPartOfACommand() {
        var framing = IMAPFraming()
        framing.append(Array("a LOGIN \0 \0\r\nb NOOP\r\n".utf8))
        guard case .tooLong? = framing.next() else { return #expect(Bool(false)) }
        #expect(framing.next() == .command(CommandBytes(line: "b NOOP")))
    }

    @Test func aLineOfItsOwnIsGivenRaw() {
        var framing = IMAPFraming()
        framing.append(Array("DONE\r\n".utf8))
        #expect(framing.next(rawLine: true) == .line(Array("DONE".utf8)))
    }
}
