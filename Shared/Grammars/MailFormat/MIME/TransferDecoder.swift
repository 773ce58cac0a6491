// SPDX-License-Identifier: Apache-2.0

/// Undoes a Content-Transfer-Encoding (RFC 2045 section 6) piece by piece. However a body is cut, the same comes out;
/// unknown encodings are left as they are.
package struct TransferDecoder: Sendable {
    private enum Form { case base64, quotedPrintable, other }

    /// White space of quoted-printable that is held back until it is known whether the line ends behind it. More of it
    /// stays as it is, so that a body of nothing else needs no more room.
    package static let blanksLimit = 64 << 10

    private let form: Form
    /// base64: the bits that make no byte yet.
    private var group: UInt32 = 0
    private var bits = 0
    /// quoted-printable: what cannot be told without the bytes behind it.
    private var open: [UInt8] = []
    private var isPastBlanksLimit = false

    package init(_ encoding: String) {
        switch encoding.lowercased() {
        case "base64": form = .base64
        case "quoted-printable": form = .quotedPrintable
        default: form = .other
        }
    }

    /// What is certain with this piece.
    package mutating func decode(_ piece: ArraySlice<UInt8>) -> [UInt8] {
        switch form {
        case .base64: base64(piece)
        case .quotedPrintable: quotedPrintable(piece, isLast: false)
        case .other: Array(piece)
        }
    }

    /// What was held back: the body ends here.
    package mutating func finish() -> [UInt8] {
        form == .quotedPrintable ? quotedPrintable([], isLast: true) : []
    }

    /// Characters outside the alphabet are passed over; padding ends a group.
    private mutating func base64(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count / 4 * 3 + 3)
        for byte in text {
            let value: UInt32
            switch byte {
            case 0x41...0x5A: value = UInt32(byte - 0x41)
            case 0x61...0x7A: value = UInt32(byte - 0x61 + 26)
            case 0x30...0x39: value = UInt32(byte - 0x30 + 52)
            case 0x2B: value = 62
            case 0x2F: value = 63
            case 0x3D:
                group = 0
                bits = 0
                continue
            default: continue
            }
            group = group << 6 | value
            bits += 6
            if bits >= 8 {
                bits -= 8
                result.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
            }
        }
        return result
    }

    /// Wrong escapes stay as they are; white space at line ends goes (RFC 2045 section 6.7, rule 3).
    private mutating func quotedPrintable(_ piece: ArraySlice<UInt8>, isLast: Bool) -> [UInt8] {
        let text = open.isEmpty ? piece : (open + piece)[...]
        open = []
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var position = text.startIndex
        while position < text.endIndex {
            let byte = text[position]
            if Self.isBlank(byte) {
                let end = Self.endOfBlanks(text, from: position)
                let isLong = isPastBlanksLimit || end - position > Self.blanksLimit
                let isOpen = end == text.endIndex && !isLast
                if isOpen, !isLong { break }
                isPastBlanksLimit = isOpen
                if isLong || end < text.endIndex && !Self.isLineEnd(text[end]) { result += text[position..<end] }
                position = end
                continue
            }
            isPastBlanksLimit = false
            if byte == 0x3D {
                if position + 2 < text.endIndex, let high = Self.hex(text[position + 1]),
                    let low = Self.hex(text[position + 2])
                {
                    result.append(high << 4 | low)
                    position += 3
                    continue
                }
                // a soft line break, with white space that someone added
                var end = Self.endOfBlanks(text, from: position + 1)
                if end - position - 1 <= Self.blanksLimit {
                    let isCut = position + 2 >= text.endIndex || end == text.endIndex
                    if !isLast, isCut || text[end] == 0x0D && end + 1 == text.endIndex { break }
                    if end == text.endIndex || Self.isLineEnd(text[end]) {
                        if end < text.endIndex, text[end] == 0x0D { end += 1 }
                        if end < text.endIndex, text[end] == 0x0A { end += 1 }
                        position = end
                        continue
                    }
                }
            }
            result.append(byte)
            position += 1
        }
        open = Array(text[position...])
        return result
    }

    private static func endOfBlanks(_ text: ArraySlice<UInt8>, from start: Int) -> Int {
        text[start...].firstIndex { !isBlank($0) } ?? text.endIndex
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    private static func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

    private static func hex(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46: digit - 0x41 + 10
        case 0x61...0x66: digit - 0x61 + 10
        default: nil
        }
    }
}
