// SPDX-License-Identifier: Apache-2.0
import SMTPGrammar

enum SMTPFuzz {
    /// What parses as a command of a client is written and read again as the same.
    static func commands(_ input: [UInt8]) {
        var framing = SMTPFraming()
        framing.append(input)
        var lines = 0
        while let event = framing.next(), lines < 1_000 {
            lines += 1
            guard case .line(let line) = event, let command = try? CommandParser.parse(line) else { continue }
            switch command {
            case .mail, .rcpt:
                let written = command.encoded()
                promise(
                    written.suffix(2) == [0x0D, 0x0A] && written.filter { $0 == 0x0A }.count == 1,
                    "a command of two lines")
                let again = try? CommandParser.parse(written.dropLast(2))
                promise(again == command, "MAIL or RCPT does not come back")
            default: break
            }
        }
    }

    /// The cut into reads changes nothing; what was stuffed comes out as it went in; nothing but CRLF.CRLF ends it.
    static func data(_ input: [UInt8]) {
        let whole = read(input, size: max(1, input.count))
        for size in [1, 5] {
            let other = read(input, size: size)
            promise(other.flaws == whole.flaws && other.ended == whole.ended, "the end depends on the reads")
            if whole.flaws?.isEmpty == true {
                promise(other.content == whole.content, "the content depends on the reads")
            }
        }
        guard whole.ended, whole.flaws?.isEmpty == true else { return }
        var encoder = DataEncoder()
        let written = encoder.encode(whole.content) + encoder.finish()
        let again = read(written, size: 3)
        promise(
            again.ended && again.content == whole.content && again.flaws?.isEmpty == true,
            "a message does not come back")
    }

    private static func read(_ input: [UInt8], size: Int) -> (content: [UInt8], flaws: ContentFlaws?, ended: Bool) {
        var framing = SMTPFraming()
        framing.expectData(limit: 4_096)
        var content: [UInt8] = []
        for piece in pieces(input[...], of: size) {
            framing.append(piece)
            while let event = framing.next() {
                switch event {
                case .data(let bytes): content += bytes
                case .dataEnd(let flaws): return (content, flaws, true)
                default: promise(false, "a command inside a message")
                }
            }
        }
        return (content, nil, false)
    }

    /// The cut into reads changes nothing, errors included.
    static func replies(_ input: [UInt8]) {
        let whole = replies(input, size: max(1, input.count))
        promise(replies(input, size: 1) == whole, "the replies depend on the reads")
    }

    private static func replies(_ input: [UInt8], size: Int) -> [SMTPReply?] {
        var parser = SMTPReplyParser()
        var replies: [SMTPReply?] = []
        for piece in pieces(input[...], of: size) {
            parser.append(piece)
            do {
                while let reply = try parser.next() {
                    replies.append(reply)
                    _ = SMTPExtensions(reply)
                }
            } catch {
                return replies + [nil]
            }
        }
        return replies
    }
}
