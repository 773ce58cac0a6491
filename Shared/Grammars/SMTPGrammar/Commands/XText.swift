// SPDX-License-Identifier: Apache-2.0

/// `xtext` (RFC 3461 section 4): ASCII in which `+`, `=` and what is not printable is written as `+2B`.
package enum XText {
    /// Nil when malformed or when the result is not UTF-8.
    package static func decode(_ bytes: ArraySlice<UInt8>) -> String? {
        var output: [UInt8] = []
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == 0x2B {
                guard index + 2 < bytes.endIndex, let high = hex(bytes[index + 1]), let low = hex(bytes[index + 2])
                else { return nil }
                output.append(high << 4 | low)
                index += 3
            } else {
                guard (0x21...0x7E).contains(byte), byte != 0x3D else { return nil }
                output.append(byte)
                index += 1
            }
        }
        return String(validating: output, as: UTF8.self)
    }

    package static func encode(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var output: [UInt8] = []
        for byte in text.utf8 {
            if (0x21...0x7E).contains(byte), byte != 0x2B, byte != 0x3D {
                output.append(byte)
            } else {
                output += [0x2B, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static func hex(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        default: nil
        }
    }
}
