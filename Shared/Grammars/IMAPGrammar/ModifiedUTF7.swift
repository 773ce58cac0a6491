// SPDX-License-Identifier: Apache-2.0

/// Mailbox names as IMAP4rev1 writes them (RFC 3501 section 5.1.3).
package enum ModifiedUTF7 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,".utf8)

    package static func encode(_ name: String) -> String {
        var result: [UInt8] = []
        var pending: [UInt16] = []
        func flush() {
            guard !pending.isEmpty else { return }
            result.append(0x26)
            var bits: UInt32 = 0
            var count: UInt32 = 0
            for unit in pending {
                bits = bits << 16 | UInt32(unit)
                count += 16
                while count >= 6 {
                    count -= 6
                    result.append(alphabet[Int(bits >> count & 0x3F)])
                }
            }
            if count > 0 { result.append(alphabet[Int(bits << (6 - count) & 0x3F)]) }
            result.append(0x2D)
            pending = []
        }
        for unit in name.utf16 {
            if (0x20...0x7E).contains(unit) {
                flush()
                result.append(UInt8(unit))
                if unit == 0x26 { result.append(0x2D) }
            } else {
                pending.append(unit)
            }
        }
        flush()
        return String(decoding: result, as: UTF8.self)
    }

    /// `nil` when it is not in this form: 8-bit characters, a shift that is not closed, bad base64, half a surrogate.
    package static func decode(_ text: some Collection<UInt8>) -> String? {
        var units: [UInt16] = []
        var bytes = Array(text)[...]
        while let byte = bytes.popFirst() {
            guard byte == 0x26 else {
                guard (0x20...0x7E).contains(byte) else { return nil }
                units.append(UInt16(byte))
                continue
            }
            guard let end = bytes.firstIndex(of: 0x2D) else { return nil }
            let shifted = bytes[bytes.startIndex..<end]
            bytes = bytes[(end + 1)...]
            if shifted.isEmpty {
                units.append(0x26)
                continue
            }
            var bits: UInt32 = 0
            var count: UInt32 = 0
            for digit in shifted {
                guard let value = alphabet.firstIndex(of: digit) else { return nil }
                bits = bits << 6 | UInt32(value)
                count += 6
                if count >= 16 {
                    count -= 16
                    units.append(UInt16(truncatingIfNeeded: bits >> count))
                }
            }
            guard count < 6, bits & ((1 << count) - 1) == 0 else { return nil }
        }
        return String(validating: units, as: UTF16.self)
    }
}
