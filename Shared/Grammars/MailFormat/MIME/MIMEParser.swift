// SPDX-License-Identifier: Apache-2.0

extension MIMEPart {
    /// Levels of nesting that are looked into; deeper ones are leaves.
    package static let depthLimit = 100
    /// Parts of one message; what comes after is no part of its own.
    package static let partLimit = 10_000

    /// Reads a message of any bytes in one pass; never fails.
    package init(parsing message: [UInt8]) {
        var parser = MIMEParser(message)
        self = parser.root()
    }
}

/// One walk over the lines; each boundary that is open ends the parts inside it.
private struct MIMEParser {
    private let message: [UInt8]
    private var reader: LineReader
    private var boundaries: [[UInt8]] = []
    private var parts = 0

    /// What ended a part: boundary `level` of the open ones, or the end of the message.
    private struct End {
        var level: Int?
        var isClosing = false
        /// Where the body before it ends.
        var position: Int
        var lines: Int
        var line: LineReader.Line?
    }

    init(_ message: [UInt8]) {
        self.message = message
        reader = LineReader(message, in: 0..<message.count)
    }

    mutating func root() -> MIMEPart { part(depth: 0, isMessage: true, inDigest: false).part }

    private mutating func part(depth: Int, isMessage: Bool, inDigest: Bool) -> (part: MIMEPart, end: End) {
        parts += 1
        let header = MessageHeader(&reader, of: message) { [boundaries, message] line in
            Self.match(line, boundaries, message) != nil
        }
        var part = describe(header, inDigest: inDigest)
        if isMessage { part.envelope = Envelope(header, of: message) }
        let start = reader.position
        let before = reader.lines
        var end: End
        if depth < MIMEPart.depthLimit, parts < MIMEPart.partLimit, part.type.value.hasPrefix("multipart/"),
            let boundary = part.type["boundary"], !boundary.isEmpty
        {
            (part.children, end) = multipart(boundary, depth: depth, isDigest: part.type.value == "multipart/digest")
        } else if depth < MIMEPart.depthLimit, parts < MIMEPart.partLimit, part.isMessageType,
            ["7bit", "8bit", "binary"].contains(part.encoding)
        {
            let inner = self.part(depth: depth + 1, isMessage: true, inDigest: false)
            part.children = [inner.part]
            end = inner.end
        } else {
            end = skip()
        }
        part.body = start..<max(start, end.position)
        part.lines = max(0, end.lines - before)
        return (part, end)
    }

    private mutating func multipart(_ boundary: String, depth: Int, isDigest: Bool) -> ([MIMEPart], End) {
        var children: [MIMEPart] = []
        let level = boundaries.count
        boundaries.append(Array(boundary.utf8))
        var end = skip()
        while end.level == level, !end.isClosing, parts < MIMEPart.partLimit {
            if let line = end.line { reader.consume(line) }
            let child = part(depth: depth + 1, isMessage: false, inDigest: isDigest)
            children.append(child.part)
            end = child.end
        }
        boundaries.removeLast(boundaries.count - level)
        if end.level == level {
            // the epilogue, up to an outer boundary
            if let line = end.line { reader.consume(line) }
            end = skip()
        }
        return (children, end)
    }

    /// To the next line that is an open boundary, which is not consumed.
    private mutating func skip() -> End {
        var contentEnd = reader.position
        var lines = reader.lines
        while let line = reader.peek() {
            if let (level, isClosing) = Self.match(line, boundaries, message) {
                return End(level: level, isClosing: isClosing, position: contentEnd, lines: lines, line: line)
            }
            // the line end before a boundary is the boundary's
            lines = reader.lines
            reader.consume(line)
            contentEnd = line.content.upperBound
        }
        return End(level: nil, position: reader.position, lines: reader.lines, line: nil)
    }

    private static func match(_ line: LineReader.Line, _ boundaries: [[UInt8]], _ message: [UInt8]) -> (Int, Bool)? {
        let content = line.content
        guard content.count > 2, !boundaries.isEmpty, message[content.lowerBound] == 0x2D,
            message[content.lowerBound + 1] == 0x2D
        else { return nil }
        var text = message[(content.lowerBound + 2)..<content.upperBound]
        while let last = text.last, last == 0x20 || last == 0x09 { text.removeLast() }
        for level in boundaries.indices.reversed() {
            if text.elementsEqual(boundaries[level]) { return (level, false) }
            if text.count == boundaries[level].count + 2, text.starts(with: boundaries[level]),
                text.suffix(2).elementsEqual([0x2D, 0x2D])
            {
                return (level, true)
            }
        }
        return nil
    }

    private func describe(_ header: MessageHeader, inDigest: Bool) -> MIMEPart {
        func text(_ name: String) -> String? { header.text(name, in: message) }
        var type = ParameterizedValue(parsing: text("Content-Type") ?? "")
        let words = type.value.split(separator: "/", omittingEmptySubsequences: false)
        if words.count != 2 || words.contains(where: \.isEmpty) {
            type = ParameterizedValue(parsing: inDigest ? "message/rfc822" : "text/plain; charset=us-ascii")
        }
        let encoding = text("Content-Transfer-Encoding").map {
            $0.lowercased().prefix { $0 != " " && $0 != ";" && $0 != "(" }
        }
        return MIMEPart(
            type: type, disposition: text("Content-Disposition").map(ParameterizedValue.init(parsing:)),
            encoding: encoding.flatMap { $0.isEmpty ? nil : String($0) } ?? "7bit", id: text("Content-ID"),
            description: text("Content-Description"), md5: text("Content-MD5"),
            languages: (text("Content-Language") ?? "").split { ", \t".contains($0) }.map(String.init),
            location: text("Content-Location"), header: header.range,
            body: header.range.upperBound..<header.range.upperBound,
            lines: 0, children: [], envelope: nil)
    }
}
