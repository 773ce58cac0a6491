// SPDX-License-Identifier: Apache-2.0

/// What a server offers in its answer to EHLO (RFC 5321 section 4.1.1.1). For clients.
package struct SMTPExtensions: Equatable, Sendable {
    /// Keyword in upper case → its parameters as sent.
    package let keywords: [String: [String]]

    /// No extension at all: a server that knows only HELO.
    package init() {
        keywords = [:]
    }

    /// `reply`: the positive answer to EHLO. Its first line is the server's name.
    package init(_ reply: SMTPReply) {
        var keywords: [String: [String]] = [:]
        for line in reply.lines.dropFirst() {
            let words = Array(line.utf8).split(whereSeparator: { $0 == 0x20 || $0 == 0x3D })
            guard let first = words.first else { continue }
            // `AUTH=LOGIN` of old servers names the same keyword again: parameters add up.
            keywords[CommandParser.upper(first), default: []] +=
                words.dropFirst().map { String(decoding: $0, as: UTF8.self) }
        }
        self.keywords = keywords
    }

    package func offers(_ keyword: String) -> Bool { keywords[keyword] != nil }

    package var startTLS: Bool { offers("STARTTLS") }
    package var pipelining: Bool { offers("PIPELINING") }
    package var eightBitMIME: Bool { offers("8BITMIME") }
    package var smtpUTF8: Bool { offers("SMTPUTF8") }
    package var chunking: Bool { offers("CHUNKING") }
    package var size: Bool { offers("SIZE") }

    /// The largest message in octets; nil when the server names none (RFC 1870 section 4: 0 is none, too).
    package var maximumSize: Int? {
        guard let text = keywords["SIZE"]?.first, let limit = CommandParser.number(Array(text.utf8)[...]), limit > 0
        else { return nil }
        return limit
    }

    /// Names of SASL mechanisms, in upper case.
    package var mechanisms: [String] {
        (keywords["AUTH"] ?? []).map { CommandParser.upper(Array($0.utf8)[...]) }
    }
}
