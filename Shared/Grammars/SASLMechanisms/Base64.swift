// SPDX-License-Identifier: Apache-2.0

/// Strict base64 (RFC 4648 section 4), as SASL profiles use it: padded, no line breaks, no foreign characters, and zero
/// bits under the padding, so that one value has one spelling.
package enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 0xFF, count: 256)
        for (value, letter) in alphabet.enumerated() { table[Int(letter)] = UInt8(value) }
        return table
    }()

    /// The decoded bytes; nil when `text` is not exactly padded base64. Empty text gives no bytes.
    package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        var output: [UInt8] = []
        output.reserveCapacity(text.count / 4 * 3)
        var group: UInt32 = 0
        var filled = 0
        var padding = 0
        for letter in text {
            if letter == UInt8(ascii: "=") {
                // Padding takes the third and fourth place, or the fourth, of the last group.
                guard filled >= 2 else { return nil }
                padding += 1
                group <<= 6
            } else {
                let value = values[Int(letter)]
                guard value != 0xFF, padding == 0 else { return nil }
                group = group << 6 | UInt32(value)
            }
            filled += 1
            if filled == 4 {
                let bytes = [UInt8(group >> 16 & 0xFF), UInt8(group >> 8 & 0xFF), UInt8(group & 0xFF)]
                guard bytes.suffix(padding).allSatisfy({ $0 == 0 }) else { return nil }
                output.append(contentsOf: bytes.prefix(3 - padding))
                group = 0
                filled = 0
            }
        }
        return output
    }

    /// Padded base64 of `bytes`, as ASCII.
    package static func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity((bytes.count + 2) / 3 * 4)
        var group: UInt32 = 0
        var filled = 0
        for byte in bytes {
            group = group << 8 | UInt32(byte)
            filled += 1
            if filled == 3 {
                for shift in [18, 12, 6, 0] { output.append(alphabet[Int(group >> UInt32(shift) & 63)]) }
                group = 0
                filled = 0
            }
        }
        if filled > 0 {
            group <<= UInt32(8 * (3 - filled))
            let letters = [18, 12, 6, 0].map { alphabet[Int(group >> UInt32($0) & 63)] }
            output.append(contentsOf: letters.prefix(filled + 1))
            output.append(contentsOf: repeatElement(UInt8(ascii: "="), count: 3 - filled))
        }
        return output
    }
}
