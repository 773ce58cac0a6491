// SPDX-License-Identifier: Apache-2.0

/// Names that nobody gives twice: 80 random bits in base 32.
package enum MessageName {
    /// 16 capital letters and digits: `4K7QXW2M9RT5B0CD`. For the log, the Received line and the answer 250.
    package static func make() -> String {
        let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
        var generator = SystemRandomNumberGenerator()
        let letters = (0..<16).map { _ in alphabet[Int(generator.next() & 31)] }
        return String(decoding: letters, as: UTF8.self)
    }
}
