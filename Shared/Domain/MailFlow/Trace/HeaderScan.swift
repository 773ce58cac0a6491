// SPDX-License-Identifier: Apache-2.0

/// Walks the fields of a message's header without building them: a message of 64 MiB may be nothing but header.
///
/// The header ends at the first empty line. A line that is no field is skipped instead of ending it, so that a field
/// behind it, which some readers show, is not hidden from our checks. Lines end in CRLF.
struct HeaderScan: Sequence, IteratorProtocol {
    struct Field {
        /// Up to the colon, in lower case, without blanks in front of the colon. At most 100 octets are kept.
        let name: String
        /// The whole field with its folded lines and last CRLF, in the message.
        let range: Range<Int>
        /// Between the colon and the last CRLF.
        let body: Range<Int>
    }

    private let content: [UInt8]
    private var index = 0

    init(_ content: [UInt8]) {
        self.content = content
    }

    mutating func next() -> Field? {
        while let line = lineEnd(from: index), line.text > index {
            let start = index
            var end = line
            while end.next < content.count, Self.isBlank(content[end.next]), let more = lineEnd(from: end.next) {
                end = more
            }
            index = end.next
            if let colon = colon(in: start..<line.text) {
                let name = content[start..<colon.nameEnd].prefix(100).map {
                    (0x41...0x5A).contains($0) ? $0 | 0x20 : $0
                }
                return Field(
                    name: String(decoding: name, as: UTF8.self), range: start..<end.next,
                    body: colon.bodyStart..<Swift.max(colon.bodyStart, end.text))
            }
        }
        return nil
    }

    /// Where the text of the line ends and where the next line begins; nil at the end of the message.
    private func lineEnd(from start: Int) -> (text: Int, next: Int)? {
        guard start < content.count else { return nil }
        guard let feed = content[start...].firstIndex(of: 0x0A) else { return (content.count, content.count) }
        return (feed > start && content[feed - 1] == 0x0D ? feed - 1 : feed, feed + 1)
    }

    // field-name ":" with the blanks of the obsolete syntax in between (RFC 5322 section 4.5)
    private func colon(in line: Range<Int>) -> (nameEnd: Int, bodyStart: Int)? {
        guard let colon = content[line].firstIndex(of: 0x3A) else { return nil }
        var end = colon
        while end > line.lowerBound, Self.isBlank(content[end - 1]) { end -= 1 }
        guard end > line.lowerBound, content[line.lowerBound..<end].allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return nil
        }
        return (end, colon + 1)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
