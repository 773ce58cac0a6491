// SPDX-License-Identifier: Apache-2.0

/// The text of an HTML document as a search should see it: no tags, comments, styles or scripts, references resolved.
/// Makes no claim to parse HTML: it is for finding words, never for showing. Takes the document in pieces.
struct HTMLText {
    private enum Place {
        case text
        /// Inside of a tag; `raw` names an element that has no text.
        case tag(TagPlace, raw: String?)
        /// Until the text that ends it, which is passed over (`-->`) or not (`</style`).
        case skipped(until: String, inclusive: Bool)
    }

    private enum TagPlace: Equatable {
        case names, valueBegins, value
        case quotedValue(UInt8)
    }

    private var place = Place.text
    /// What can not be told yet.
    private var held: [UInt8] = []

    /// Bytes that tell what a `<` or a `&` begins.
    private static let lookahead = 20

    static func strip(_ html: [UInt8]) -> [UInt8] {
        var stripper = HTMLText()
        return stripper.strip(html, isLast: true)
    }

    /// The text of the next piece, and of what was held back before.
    mutating func strip(_ piece: [UInt8], isLast: Bool) -> [UInt8] {
        let html = held + piece
        held = []
        var text: [UInt8] = []
        text.reserveCapacity(html.count / 2)
        var position = 0
        while position < html.count {
            switch place {
            case .text:
                let byte = html[position]
                guard byte == UInt8(ascii: "<") || byte == UInt8(ascii: "&") else {
                    text.append(byte)
                    position += 1
                    continue
                }
                guard isLast || html.count - position >= Self.lookahead else {
                    held = Array(html[position...])
                    return text
                }
                if byte == UInt8(ascii: "<") {
                    position = begin(html, position, &text)
                } else if let (replacement, end) = HTMLReference.resolve(html, position) {
                    text += replacement
                    position = end
                } else {
                    text.append(byte)
                    position += 1
                }
            case .tag(let inTag, let raw):
                if let next = Self.next(inTag, html[position]) {
                    place = .tag(next, raw: raw)
                } else {
                    place = raw.map { .skipped(until: "</" + $0, inclusive: false) } ?? .text
                }
                position += 1
            case .skipped(let end, let inclusive):
                guard let found = Self.find(end, in: html, from: position) else {
                    held = Array(html[max(position, html.count - end.utf8.count + 1)...])
                    return text
                }
                position = inclusive ? found + end.utf8.count : found
                place = .text
            }
        }
        return text
    }

    /// Elements that do not part words.
    private static let inline: Set<String> = [
        "a", "abbr", "b", "bdi", "bdo", "cite", "code", "del", "em", "font", "i", "ins", "kbd", "mark", "q", "s",
        "small", "span", "strong", "sub", "sup", "tt", "u", "wbr",
    ]

    /// At a `<`: what it begins, and the position behind as much of it as was looked at.
    private mutating func begin(_ html: [UInt8], _ start: Int, _ text: inout [UInt8]) -> Int {
        if html[start...].starts(with: "<!--".utf8) {
            // `<!-->` is a whole comment.
            place = .skipped(until: "-->", inclusive: true)
            return start + 2
        }
        var position = start + 1
        let isEnd = position < html.count && html[position] == UInt8(ascii: "/")
        if isEnd { position += 1 }
        guard position < html.count, Self.isLetter(html[position]) || html[position] == UInt8(ascii: "!") else {
            text.append(html[start])  // a lone "<", as in "<3"
            return start + 1
        }
        var name: [UInt8] = []
        while position < html.count, name.count < 16, Self.isNameByte(html[position]) {
            name.append(html[position] | 0x20)
            position += 1
        }
        let element = String(decoding: name, as: UTF8.self)
        if !Self.inline.contains(element) { text.append(TextPreparation.separator) }
        let isRaw = !isEnd && (element == "style" || element == "script")
        place = .tag(.names, raw: isRaw ? element : nil)
        return position
    }

    /// Over values in quotes to the end of the tag, which is nil. A quote that does not begin a value is no quote.
    private static func next(_ place: TagPlace, _ byte: UInt8) -> TagPlace? {
        if case .quotedValue(let quote) = place { return byte == quote ? .names : place }
        switch byte {
        case UInt8(ascii: ">"): return nil
        case ...0x20: return place == .value ? .names : place
        case UInt8(ascii: "=") where place == .names: return .valueBegins
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return place == .valueBegins ? .quotedValue(byte) : place
        default: return place == .valueBegins ? .value : place
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A }

    private static func isNameByte(_ byte: UInt8) -> Bool { isLetter(byte) || (byte >= 0x30 && byte <= 0x39) }

    private static func find(_ needle: String, in html: [UInt8], from start: Int) -> Int? {
        let needle = Array(needle.utf8)
        guard html.count >= needle.count, start <= html.count - needle.count else { return nil }
        for position in start...(html.count - needle.count) where html[position] == needle[0] {
            if (1..<needle.count).allSatisfy({ index in
                html[position + index] == needle[index]
                    || (needle[index] >= 0x61 && html[position + index] | 0x20 == needle[index])
            }) {
                return position
            }
        }
        return nil
    }
}
