// SPDX-License-Identifier: Apache-2.0

/// Content-Transfer-Encoding (RFC 2045 section 6), decoded as far as it makes sense.
package enum TransferEncoding {
    /// The bytes of a body in the named encoding; unknown ones are left as they are.
    package static func decode(_ body: ArraySlice<UInt8>, _ encoding: String) -> [UInt8] {
        switch encoding.lowercased() {
        case "base64": base64(body)
        case "quoted-printable": quotedPrintable(body)
        default: Array(body)
        }
    }

    /// Characters outside the alphabet are passed over; padding ends a group.
    package static func base64(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count / 4 * 3)
        var group: UInt32 = 0
        var bits = 0
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
    package static func quotedPrintable(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var position = text.startIndex
        while position < text.endIndex {
            let byte = text[position]
            if byte == 0x3D {
                if position + 2 < text.endIndex, let high = hex(text[position + 1]), let low = hex(text[position + 2]) {
                    result.append(high << 4 | low)
                    position += 3
                    continue
                }
                // a soft line break, with white space that someone added
                var end = position + 1
                while end < text.endIndex, text[end] == 0x20 || text[end] == 0x09 { end += 1 }
                if end == text.endIndex || text[end] == 0x0A || text[end] == 0x0D {
                    if end < text.endIndex, text[end] == 0x0D { end += 1 }
                    if end < text.endIndex, text[end] == 0x0A { end += 1 }
                    position = end
                    continue
                }
            } else if byte == 0x20 || byte == 0x09 {
                var end = position
                while end < text.endIndex, text[end] == 0x20 || text[end] == 0x09 { end += 1 }
                if end < text.endIndex, text[end] != 0x0A, text[end] != 0x0D { result += text[position..<end] }
                position = end
                continue
            }
            result.append(byte)
            position += 1
        }
        return result
    }

    private static func hex(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46: digit - 0x41 + 10
        case 0x61...0x66: digit - 0x61 + 10
        default: nil
        }
    }
}
