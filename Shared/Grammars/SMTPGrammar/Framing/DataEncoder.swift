// SPDX-License-Identifier: Apache-2.0

/// The client's side of DATA: stuffs dots (RFC 5321 section 4.5.2) into a message that comes in pieces and ends it.
///
/// The message must have CRLF line ends; they are not mended here. A message without a last CRLF gets one, since the
/// terminator is a line of its own.
package struct DataEncoder: Sendable {
    private enum State {
        case lineStart
        case text
        case cr
    }

    private var state = State.lineStart

    package init() {}

    /// The octets to send for this piece.
    package mutating func encode(_ piece: some Collection<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(piece.count + piece.count / 64 + 2)
        for byte in piece {
            if state == .lineStart, byte == 0x2E { output.append(0x2E) }
            output.append(byte)
            switch byte {
            case 0x0D: state = .cr
            case 0x0A where state == .cr: state = .lineStart
            default: state = .text
            }
        }
        return output
    }

    /// The octets that end the message.
    package mutating func finish() -> [UInt8] {
        let end: [UInt8] = state == .lineStart ? Array(".\r\n".utf8) : Array("\r\n.\r\n".utf8)
        state = .lineStart
        return end
    }
}
