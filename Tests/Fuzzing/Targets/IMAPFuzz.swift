// SPDX-License-Identifier: Apache-2.0
import IMAPGrammar

enum IMAPFuzz {
    /// The cut of the stream into reads changes nothing; every whole command parses or is refused with its tag.
    static func run(_ input: [UInt8]) {
        let whole = events(input, size: max(1, input.count))
        for size in [1, 7] { promise(events(input, size: size) == whole, "the events depend on the reads") }
        for event in whole {
            guard case .command(let bytes) = event else { continue }
            _ = TaggedCommand.peek(bytes)
            guard let command = try? TaggedCommand(parsing: bytes).command else { continue }
            check(command)
        }
    }

    private static func events(_ input: [UInt8], size: Int) -> [IMAPFraming.Event] {
        var framing = IMAPFraming()
        var events: [IMAPFraming.Event] = []
        for piece in pieces(input[...], of: size) {
            framing.append(piece)
            while let event = framing.next() {
                events.append(event)
                guard case .wantsLiteral(let size, _, let soFar) = event else { continue }
                promise(soFar.text.count <= IMAPFraming.lineLimit, "a command past its limit")
                if size <= 256 { framing.acceptLiteral() } else { framing.refuseLiteral() }
            }
        }
        return events
    }

    private static func check(_ command: Command) {
        switch command {
        case .select(let mailbox, _, _), .delete(let mailbox), .subscribe(let mailbox):
            let encoded = ModifiedUTF7.encode(mailbox)
            promise(encoded.utf8.allSatisfy { $0 < 0x80 }, "a name that is not ASCII")
            promise(ModifiedUTF7.decode(encoded.utf8) == mailbox, "a mailbox name does not come back")
        case .fetch(let fetch):
            for range in fetch.set.resolved(highest: 1_000) { promise(range.lowerBound > 0, "a message 0") }
        default: break
        }
    }
}
