// SPDX-License-Identifier: Apache-2.0
import POP3Grammar

enum POP3Fuzz {
    /// The cut into reads changes nothing, and a message in an answer ends where we end it.
    static func run(_ input: [UInt8]) {
        let whole = events(input, size: max(1, input.count))
        promise(events(input, size: 1) == whole, "the lines depend on the reads")
        for case .line(let line) in whole { _ = try? Command(parsing: line[...]) }

        var (text, output) = (MultiLine(), [UInt8]())
        for piece in pieces(input[...], of: 3) { text.add(piece, to: &output) }
        text.end(&output)
        var ends = 0
        var start = 0
        while start < output.count, let end = output[start...].firstIndex(of: 0x0A) {
            let line = output[start...end]
            if line == [0x2E, 0x0D, 0x0A] || line == [0x2E, 0x0A] { ends += 1 }
            start = end + 1
        }
        promise(ends == 1 && output.suffix(3) == [0x2E, 0x0D, 0x0A], "an answer ends in the middle")
    }

    private static func events(_ input: [UInt8], size: Int) -> [LineReader.Event] {
        var reader = LineReader()
        var events: [LineReader.Event] = []
        for piece in pieces(input[...], of: size) {
            reader.append(Array(piece))
            while let event = reader.next() { events.append(event) }
        }
        return events
    }
}
