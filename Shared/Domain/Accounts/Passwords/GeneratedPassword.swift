// SPDX-License-Identifier: Apache-2.0

/// Four groups of five letters and digits: 100 bits.
package enum GeneratedPassword {
    /// Without those that look like others: 32.
    private static let alphabet = Array("abcdefghijkmnpqrstuvwxyz23456789".utf8)

    package static func make() -> String {
        (0..<4).map { _ in String(decoding: letters(5), as: UTF8.self) }.joined(separator: "-")
    }

    /// Random letters, of 5 bits each.
    static func letters(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
    }

    static func isLetter(_ byte: UInt8) -> Bool { alphabet.contains(byte) }
}
