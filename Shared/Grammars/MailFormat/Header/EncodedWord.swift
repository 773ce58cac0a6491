// SPDX-License-Identifier: Apache-2.0

/// `=?charset?B|Q?text?=` (RFC 2047, with RFC 2231 section 5's language).
package enum EncodedWord {
    /// Decodes every encoded word; white space between two of them goes. Words of one charset that follow each other
    /// are decoded together, since senders split characters between them.
    package static func decode(_ text: String) -> String {
        let bytes = Array(text.utf8)
        // Of bytes, not of characters: one character may be as long as the text.
        guard zip(bytes, bytes.dropFirst()).contains(where: { $0 == 0x3D && $1 == 0x3F }) else { return text }
        var result = ""
        var pending: (charset: String, bytes: [UInt8])?
        var gap: [UInt8] = []
        var plain: [UInt8] = []
        var position = 0
        func flushPlain() {
            result += String(decoding: plain, as: UTF8.self)
            plain = []
        }
        func flushPending() {
            if let word = pending { result += Charset.decode(word.bytes[...], word.charset) }
            pending = nil
        }
        while position < bytes.count {
            if bytes[position] == 0x3D, let word = read(bytes, at: position) {
                flushPlain()
                gap = []
                if pending?.charset == word.charset {
                    pending?.bytes += word.bytes
                } else {
                    flushPending()
                    pending = (word.charset, word.bytes)
                }
                position = word.end
            } else if pending != nil, bytes[position] == 0x20 || bytes[position] == 0x09 {
                gap.append(bytes[position])
                position += 1
            } else {
                flushPending()
                plain += gap
                gap = []
                plain.append(bytes[position])
                position += 1
            }
        }
        flushPending()
        plain += gap
        flushPlain()
        return result
    }

    private static func read(_ bytes: [UInt8], at start: Int) -> (charset: String, bytes: [UInt8], end: Int)? {
        guard start + 1 < bytes.count, bytes[start + 1] == 0x3F else { return nil }
        // RFC says 75 characters; longer ones are common
        let limit = min(bytes.count, start + 4_096)
        var marks: [Int] = []
        var index = start + 2
        while index < limit, marks.count < 2 {
            if bytes[index] == 0x3F { marks.append(index) }
            if marks.isEmpty, bytes[index] <= 0x20 { return nil }
            index += 1
        }
        guard marks.count == 2, marks[1] == marks[0] + 2 else { return nil }
        var end = marks[1] + 1
        while end + 1 < limit, !(bytes[end] == 0x3F && bytes[end + 1] == 0x3D) { end += 1 }
        guard end + 1 < limit else { return nil }
        let text = bytes[(marks[1] + 1)..<end]
        let charset = String(decoding: bytes[(start + 2)..<marks[0]], as: UTF8.self).lowercased()
        let name = String(charset.prefix { $0 != "*" })
        switch bytes[marks[0] + 1] {
        case 0x42, 0x62: return (name, TransferEncoding.base64(text), end + 2)
        case 0x51, 0x71:
            let spaced = text.map { $0 == 0x5F ? 0x20 : $0 }
            return (name, TransferEncoding.quotedPrintable(spaced[...]), end + 2)
        default: return nil
        }
    }
}
