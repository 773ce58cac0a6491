// SPDX-License-Identifier: Apache-2.0

/// Why a server's reply cannot be read. The connection is of no more use.
package enum SMTPReplyError: Error, Equatable, Sendable {
    /// Not `3DIGIT [SP or "-"] text`, codes that differ between lines, or a bare line end.
    case malformed
    /// Beyond `SMTPLimits.replyLine` or `replyLines`.
    case tooLong
}

/// The client's side: octets of a server to replies.
///
/// After an error the parser gives no more replies.
package struct SMTPReplyParser: Sendable {
    private var buffer: [UInt8] = []
    private var scanned = 0
    private var code: Int?
    private var texts: [ArraySlice<UInt8>] = []
    private var failure: SMTPReplyError?

    package init() {}

    package mutating func append(_ bytes: some Collection<UInt8>) {
        buffer.append(contentsOf: bytes)
    }

    /// Whether octets are there that belong to no reply handed out. After a STARTTLS reply that means a server (or
    /// somebody between) that injects: give up.
    package var hasPendingInput: Bool { !buffer.isEmpty || code != nil }

    /// The next whole reply; nil when more octets are needed.
    package mutating func next() throws(SMTPReplyError) -> SMTPReply? {
        if let failure { throw failure }
        do {
            while let line = try nextLine() {
                if let reply = try take(line) { return reply }
            }
            return nil
        } catch {
            failure = error
            throw error
        }
    }

    private mutating func nextLine() throws(SMTPReplyError) -> ArraySlice<UInt8>? {
        guard let end = buffer[scanned...].firstIndex(of: 0x0A) else {
            guard buffer.count <= SMTPLimits.replyLine + 1 else { throw .tooLong }
            scanned = buffer.count
            return nil
        }
        guard end > 0, buffer[end - 1] == 0x0D else { throw .malformed }
        guard end - 1 <= SMTPLimits.replyLine else { throw .tooLong }
        let line = ArraySlice(Array(buffer[..<(end - 1)]))
        buffer.removeSubrange(...end)
        scanned = 0
        return line
    }

    // Reply-line = Reply-code [ SP textstring ] CRLF   or   Reply-code "-" [ textstring ] CRLF
    private mutating func take(_ line: ArraySlice<UInt8>) throws(SMTPReplyError) -> SMTPReply? {
        guard line.count >= 3, let number = CommandParser.number(line.prefix(3)), (200..<600).contains(number),
            code == nil || code == number, !line.contains(0x0D), !line.contains(0)
        else { throw .malformed }
        let isLast: Bool
        switch line.dropFirst(3).first {
        case nil, 0x20: isLast = true
        case 0x2D: isLast = false
        default: throw .malformed
        }
        code = number
        texts.append(line.dropFirst(4))
        guard texts.count <= SMTPLimits.replyLines else { throw .tooLong }
        guard isLast else { return nil }
        defer {
            code = nil
            texts = []
        }
        return Self.reply(number, texts)
    }

    /// The enhanced code is taken off when every line carries the same one and it fits the reply's class.
    private static func reply(_ code: Int, _ texts: [ArraySlice<UInt8>]) -> SMTPReply {
        let found = texts.map { EnhancedStatusCode(leading: $0) }
        guard let enhanced = found[0], enhanced.statusClass == code / 100, found.allSatisfy({ $0 == enhanced }) else {
            return SMTPReply(code, lines: texts.map { String(decoding: $0, as: UTF8.self) })
        }
        let prefix = enhanced.description.utf8.count + 1
        return SMTPReply(code, enhanced, lines: texts.map { String(decoding: $0.dropFirst(prefix), as: UTF8.self) })
    }
}
