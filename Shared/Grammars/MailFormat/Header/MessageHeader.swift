// SPDX-License-Identifier: Apache-2.0

/// A field of a header, by where it stands; the bytes stay with the message.
package struct HeaderField: Sendable, Equatable {
    /// As written; empty for a line that is no field.
    package let name: String
    /// Behind the colon, without the last line end.
    package let body: Range<Int>
    /// All of it, with its line ends.
    package let raw: Range<Int>

    package func isNamed(_ other: String) -> Bool {
        name.utf8.count == other.utf8.count && name.lowercased() == other.lowercased()
    }
}

/// The header of a message or of a MIME part (RFC 5322 section 2.2), read as it comes: LF alone ends a line too, lines
/// that are no fields are kept without a name, and a message without an empty line is all header.
package struct MessageHeader: Sendable {
    /// Fields that are told apart; more bytes of header are still header.
    package static let fieldLimit = 20_000

    package let fields: [HeaderField]
    /// The header with the empty line that ends it.
    package let range: Range<Int>

    package init(_ message: [UInt8]) { self.init(message, in: 0..<message.count) }

    /// Offsets are those of `message`.
    package init(_ message: [UInt8], in range: Range<Int>) {
        var reader = LineReader(message, in: range)
        self.init(&reader, of: message) { _ in false }
    }

    /// Reads lines up to the empty one, or up to a line that `stop` knows (which is not consumed).
    init(_ reader: inout LineReader, of message: [UInt8], stop: (LineReader.Line) -> Bool) {
        let start = reader.position
        var fields: [HeaderField] = []
        var open: (name: String, body: Int, start: Int, end: Int, bodyEnd: Int)?
        func close(_ field: (name: String, body: Int, start: Int, end: Int, bodyEnd: Int)) -> HeaderField {
            HeaderField(
                name: field.name, body: field.body..<max(field.body, field.bodyEnd), raw: field.start..<field.end)
        }
        while let line = reader.peek(), !stop(line) {
            reader.consume(line)
            if line.content.isEmpty { break }
            let first = message[line.content.lowerBound]
            if first == 0x20 || first == 0x09, let before = open {
                open = (before.name, before.body, before.start, line.end, line.content.upperBound)
                continue
            }
            if let field = open, fields.count < Self.fieldLimit { fields.append(close(field)) }
            let (name, body) = Self.name(of: line.content, in: message)
            open = (name, body, line.content.lowerBound, line.end, line.content.upperBound)
        }
        if let field = open, fields.count < Self.fieldLimit { fields.append(close(field)) }
        self.fields = fields
        self.range = start..<reader.position
    }

    private static func name(of line: Range<Int>, in message: [UInt8]) -> (String, Int) {
        var end = line.lowerBound
        while end < line.upperBound, message[end] > 0x20, message[end] < 0x7F, message[end] != 0x3A { end += 1 }
        var colon = end
        while colon < line.upperBound, message[colon] == 0x20 || message[colon] == 0x09 { colon += 1 }
        guard end > line.lowerBound, colon < line.upperBound, message[colon] == 0x3A else {
            return ("", line.lowerBound)
        }
        return (String(decoding: message[line.lowerBound..<end], as: UTF8.self), colon + 1)
    }

    package func first(_ name: String) -> HeaderField? { fields.first { $0.isNamed(name) } }
    package func all(_ name: String) -> [HeaderField] { fields.filter { $0.isNamed(name) } }

    /// A field's body unfolded, white space at both ends removed, encoded words as they are. Bytes that are no UTF-8
    /// are read as windows-1252.
    package func text(_ field: HeaderField, in message: [UInt8]) -> String {
        Self.unfold(message[field.body])
    }

    /// As `text`, for the first field of that name.
    package func text(_ name: String, in message: [UInt8]) -> String? { first(name).map { text($0, in: message) } }

    /// With encoded words decoded (RFC 2047): what a person reads.
    package func decoded(_ name: String, in message: [UInt8]) -> String? {
        text(name, in: message).map(EncodedWord.decode)
    }

    static func unfold(_ body: ArraySlice<UInt8>) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(body.count)
        for byte in body where byte != 0x0D && byte != 0x0A { bytes.append(byte) }
        let space: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        let trimmed = bytes.drop(while: space)
        let end = trimmed.lastIndex { !space($0) }.map { $0 + 1 } ?? trimmed.startIndex
        return Charset.lenient(trimmed[trimmed.startIndex..<end])
    }
}
