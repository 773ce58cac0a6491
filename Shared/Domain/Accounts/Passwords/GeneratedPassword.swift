// SPDX-License-Identifier: Apache-2.0

/// Four groups of five letters and digits: 100 bits.
package enum GeneratedPassword {
    /// Without those that look like others: 32.
    private static let alphabet = Array("abcdefghijkmnpqrstuvwxyz23456789")

    package static func make() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<4).map { _ in String((0..<5).map { _ in alphabet.randomElement(using: &generator)! }) }
            .joined(separator: "-")
    }
}
