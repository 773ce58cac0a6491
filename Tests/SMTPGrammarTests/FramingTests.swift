// SPDX-License-Identifier: Apache-2.0

import SMTPGrammar
import Testing

/// What a whole input means, independent of how it was cut into pieces.
private struct Reading: Equatable {
    var lines: [String] = []
    var message: [UInt8] = []
    var flaws: ContentFlaws?
    var chunks: [UInt8] = []
    var chunkEnds = 0
}

/// A tiny session: `DATA` switches to data, `BDAT n` to a chunk.
private func read(_ pieces: [[UInt8]], limit: Int = 1_000_000) -> Reading {
    var framing = SMTPFraming()
    var reading = Reading()
    for piece in pieces {
        framing.append(piece)
        while let event = framing.next() {
            switch event {
            case .line(let line):
                let text = String(decoding: line, as: UTF8.self)
                reading.lines.append(text)
                if text == "DATA" { framing.expectData(limit: limit) }
                if text.hasPrefix("BDAT "), let size = Int(text.dropFirst(5)) { framing.expectChunk(size: size) }
            case .lineTooLong: reading.lines.append("<too long>")
            case .data(let bytes): reading.message += bytes
            case .dataEnd(let flaws): reading.flaws = flaws
            case .chunk(let bytes): reading.chunks += bytes
            case .chunkEnd: reading.chunkEnds += 1
            }
        }
    }
    return reading
}

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

@Suite struct FramingTests {
    @Test(arguments: [
        "EHLO a\r\nMAIL FROM:<>\r\nDATA\r\nhello\r\n..dot\r\n.\r\nQUIT\r\n",
        "DATA\r\n.\r\nNOOP\r\n",
        "DATA\r\na\nb\r\n.\r\nNOOP\r\n",
        "DATA\r\na\rb\r\n.\r\nNOOP\r\n",
        "DATA\r\na\n.\nb\n.\r\nc\r\n.\nd\r\n.\re\r\n.\r\nNOOP\r\n",
        "DATA\r\n\r\n\r\n..\r\n...\r\n\r\r\n.\r\nNOOP\r\n",
        "BDAT 7\r\n\r\n.\r\nabBDAT 0\r\nNOOP\r\n",
        "NOOP\nRSET\rHELP\r\r\nNOOP\r\n",
    ])
    func everySplitPointMeansTheSame(_ text: String) {
        let input = bytes(text)
        let whole = read([input])
        for cut in 0...input.count {
            #expect(read([Array(input[..<cut]), Array(input[cut...])]) == whole)
        }
        #expect(read(input.map { [$0] }) == whole)
        #expect(whole.lines.last != nil)
    }

    @Test func unstuffs() {
        let reading = read([bytes("DATA\r\n..\r\n...a\r\n.b\r\n\r\n.\r\nQUIT\r\n")])
        #expect(String(decoding: reading.message, as: UTF8.self) == ".\r\n..a\r\nb\r\n\r\n")
        #expect(reading.flaws == [])
        #expect(reading.lines == ["DATA", "QUIT"])
    }

    @Test func emptyMessage() {
        let reading = read([bytes("DATA\r\n.\r\nQUIT\r\n")])
        #expect(reading.message.isEmpty)
        #expect(reading.flaws == [])
    }

    /// Each of these ends a message for some server in the wild. Here none does: what follows stays message, and the
    /// whole is refused.
    @Test(
        arguments: [
            ("\n.\n", .bareLF), ("\n.\r\n", .bareLF), ("\r\n.\n", .bareLF), ("\r.\r\n", .bareCR),
            ("\r.\r", .bareCR), ("\r\n.\r", .bareCR), ("\n.\r", [.bareLF, .bareCR]), ("\r\n\0.\r\n", .nul),
            ("\r\n.\0\r\n", .nul), ("\r\r\n.\r\r\n", .bareCR), ("\r\n.\r\r\n", .bareCR),
        ] as [(String, ContentFlaws)])
    func smuggling(end: String, flaw: ContentFlaws) {
        let reading = read([bytes("DATA\r\nfirst\(end)MAIL FROM:<evil@example.org>\r\nmore\r\n.\r\nQUIT\r\n")])
        #expect(reading.lines == ["DATA", "QUIT"])
        #expect(reading.flaws?.isSuperset(of: flaw) == true)
    }

    @Test func sizeLimitPlusMinusOne() {
        for (size, tooLarge) in [(99, false), (100, false), (101, true), (50_000, true)] {
            let text = String(repeating: "x", count: size - 2) + "\r\n"
            let reading = read([bytes("DATA\r\n\(text).\r\nQUIT\r\n")], limit: 100)
            #expect(reading.flaws == (tooLarge ? .tooLarge : []))
            #expect(reading.message.count <= 100)
            #expect(reading.lines == ["DATA", "QUIT"])
        }
    }

    @Test func lineLimitPlusMinusOne() {
        for (length, tooLong) in [(12_287, false), (12_288, false), (12_289, true), (12_290, true), (90_000, true)] {
            let line = String(repeating: "x", count: length)
            let input = bytes(line + "\r\nNOOP\r\n")
            let expected = [tooLong ? "<too long>" : line, "NOOP"]
            #expect(read([input]).lines == expected)
            for piece in [1, 7, 4_096] {
                let pieces = stride(from: 0, to: input.count, by: piece).map {
                    Array(input[$0..<min($0 + piece, input.count)])
                }
                #expect(read(pieces).lines == expected)
            }
        }
    }

    @Test func endlessLineKeepsNothing() {
        var framing = SMTPFraming()
        for _ in 0..<100 {
            framing.append([UInt8](repeating: 0x61, count: 10_000))
            #expect(framing.next() == nil)
            #expect(framing.pending <= 12_290)
        }
        framing.append(bytes("\r\nNOOP\r\n"))
        #expect(framing.next() == .lineTooLong)
        #expect(framing.next() == .line(bytes("NOOP")))
    }

    @Test func discardForgetsPipelinedInput() {
        var framing = SMTPFraming()
        framing.append(bytes("STARTTLS\r\nRSET\r\nMAIL"))
        #expect(framing.next() == .line(bytes("STARTTLS")))
        #expect(framing.discard() == 10)
        framing.append(bytes("NOOP\r\n"))
        #expect(framing.next() == .line(bytes("NOOP")))
    }

    @Test func chunkMayHoldAnything() {
        let reading = read([bytes("BDAT 9\r\n\r\n.\r\nQUITBDAT 0\r\nQUIT\r\n")])
        #expect(reading.chunks == bytes("\r\n.\r\nQUIT"))
        #expect(reading.chunkEnds == 2)
        #expect(reading.lines == ["BDAT 9", "BDAT 0", "QUIT"])
    }

    @Test func scannerSeesFlawsAcrossPieces() {
        var scanner = ContentScanner()
        scanner.scan(bytes("a\r"))
        scanner.scan(bytes("\nb\r\n"))
        scanner.finish()
        #expect(scanner.flaws == [])
        scanner.scan(bytes("a\r"))
        scanner.finish()
        #expect(scanner.flaws == .bareCR)
    }

    @Test(arguments: ["", ".", "..\r\n", "a\r\n.b\r\n", "no end", "\r\n.\r\n.\r\n", ".\r", "a\r\n..\r\n.."])
    func encoderAndReaderAgree(_ text: String) {
        let input = bytes(text)
        for cut in 0...input.count {
            var encoder = DataEncoder()
            var wire = encoder.encode(input[..<cut])
            wire += encoder.encode(input[cut...])
            wire += encoder.finish()
            let reading = read([bytes("DATA\r\n") + wire + bytes("QUIT\r\n")])
            #expect(reading.lines == ["DATA", "QUIT"])
            if !text.contains(".\r") || text.contains("\r\n") {
                let expected = text.isEmpty || text.hasSuffix("\r\n") ? text : text + "\r\n"
                #expect(String(decoding: reading.message, as: UTF8.self) == expected)
            }
        }
    }
}
