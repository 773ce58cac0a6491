// SPDX-License-Identifier: Apache-2.0

/// The text of an HTML document as a search should see it: no tags, comments, styles or scripts, references resolved.
/// Makes no claim to parse HTML: it is for finding words, never for showing.
enum HTMLText {
    static func strip(_ html: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(html.count / 2)
        var position = 0
        while position < html.count {
            let byte = html[position]
            if byte == UInt8(ascii: "<") {
                position = skipTag(html, position, &text)
            } else if byte == UInt8(ascii: "&") {
                position = reference(html, position, &text)
            } else {
                text.append(byte)
                position += 1
            }
        }
        return text
    }

    /// Elements that do not part words.
    private static let inline: Set<String> = [
        "a", "abbr", "b", "bdi", "bdo", "cite", "code", "del", "em", "font", "i", "ins", "kbd", "mark", "q", "s",
        "small",
        "span", "strong", "sub", "sup", "tt", "u", "wbr",
    ]

    private static func skipTag(_ html: [UInt8], _ start: Int, _ text: inout [UInt8]) -> Int {
        if html[start...].starts(with: "<!--".utf8) {
            return find("-->", in: html, from: start + 4).map { $0 + 3 } ?? html.count
        }
        var position = start + 1
        let isEnd = position < html.count && html[position] == UInt8(ascii: "/")
        if isEnd { position += 1 }
        var name: [UInt8] = []
        while position < html.count, name.count < 16, isNameByte(html[position]) {
            name.append(html[position] | 0x20)
            position += 1
        }
        guard !name.isEmpty || (position < html.count && (html[position] == UInt8(ascii: "!") || isEnd)) else {
            text.append(html[start])  // a lone "<"
            return start + 1
        }
        // To the end of the tag, over quoted attributes.
        var quote: UInt8 = 0
        while position < html.count {
            let byte = html[position]
            position += 1
            if quote != 0 {
                if byte == quote { quote = 0 }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if byte == UInt8(ascii: ">") {
                break
            }
        }
        let element = String(decoding: name, as: UTF8.self)
        if !inline.contains(element) { text.append(0x20) }
        if !isEnd, element == "style" || element == "script" {
            return find("</" + element, in: html, from: position) ?? html.count
        }
        return position
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A) || (byte >= 0x30 && byte <= 0x39)
    }

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

    private static let named: [String: String] = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": " ", "shy": "", "auml": "ä", "ouml": "ö",
        "uuml": "ü", "Auml": "Ä", "Ouml": "Ö", "Uuml": "Ü", "szlig": "ß", "aacute": "á", "agrave": "à", "acirc": "â",
        "atilde": "ã", "aring": "å", "aelig": "æ", "ccedil": "ç", "eacute": "é", "egrave": "è", "ecirc": "ê",
        "euml": "ë",
        "iacute": "í", "icirc": "î", "iuml": "ï", "ntilde": "ñ", "oacute": "ó", "ocirc": "ô", "otilde": "õ",
        "oslash": "ø", "uacute": "ú", "ugrave": "ù", "ucirc": "û", "Eacute": "É", "Aring": "Å", "Oslash": "Ø",
        "euro": "€", "pound": "£", "copy": "©", "reg": "®", "trade": "™", "hellip": "…", "ndash": "–", "mdash": "—",
        "lsquo": "‘", "rsquo": "’", "ldquo": "“", "rdquo": "”", "bull": "•", "middot": "·", "laquo": "«", "raquo": "»",
    ]

    private static func reference(_ html: [UInt8], _ start: Int, _ text: inout [UInt8]) -> Int {
        let limit = min(html.count, start + 12)
        if let end = html[start..<limit].firstIndex(of: UInt8(ascii: ";")), end > start + 1 {
            let name = String(decoding: html[(start + 1)..<end], as: UTF8.self)
            var scalar: Unicode.Scalar?
            if name.hasPrefix("#x") || name.hasPrefix("#X") {
                scalar = UInt32(name.dropFirst(2), radix: 16).flatMap(Unicode.Scalar.init)
            } else if name.hasPrefix("#") {
                scalar = UInt32(name.dropFirst()).flatMap(Unicode.Scalar.init)
            } else if let replacement = named[name] {
                text += replacement.utf8
                return end + 1
            }
            if let scalar {
                text += String(Character(scalar)).utf8
                return end + 1
            }
        }
        text.append(html[start])
        return start + 1
    }
}
