// SPDX-License-Identifier: Apache-2.0

import MailFormat
import Testing

@Suite struct TransferDecoderTests {
    private func decode(_ text: [UInt8], _ encoding: String, cutAt cuts: [Int]) -> [UInt8] {
        var decoder = TransferDecoder(encoding)
        var result: [UInt8] = []
        var start = 0
        for cut in cuts.sorted() + [text.count] {
            result += decoder.decode(text[start..<cut])
            start = cut
        }
        return result + decoder.finish()
    }

    /// All that matters to quoted-printable and base64, in every order, cut everywhere.
    @Test(arguments: ["quoted-printable", "base64", "8bit"])
    func whereABodyIsCutMakesNoDifference(encoding: String) {
        let letters = Array("=4Da \t\r\nx".utf8)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<3_000 {
            let text = (0..<Int.random(in: 0...14, using: &random)).map { _ in letters.randomElement(using: &random)! }
            let whole = decode(text, encoding, cutAt: [])
            #expect(decode(text, encoding, cutAt: Array(0...text.count)) == whole, "\(text)")
            let two = (0..<2).map { _ in Int.random(in: 0...text.count, using: &random) }
            #expect(decode(text, encoding, cutAt: two) == whole, "\(text) at \(two)")
        }
    }

    @Test(arguments: [
        ("a  \r\nb \t\n", "a\r\nb\n"), ("a =\r\nb", "a b"), ("a= \t\r\nb", "ab"), ("=4", "=4"), ("=", ""),
        ("=4x", "=4x"),
        ("=41=6a", "Aj"), ("a=\r", "a"), ("a  ", "a"), ("a= b", "a= b"),
    ])
    func quotedPrintable(text: String, decoded: String) {
        let bytes = Array(text.utf8)
        #expect(String(decoding: decode(bytes, "quoted-printable", cutAt: []), as: UTF8.self) == decoded)
        #expect(
            String(decoding: decode(bytes, "quoted-printable", cutAt: Array(0...bytes.count)), as: UTF8.self) == decoded
        )
    }

    /// White space is not held back without end.
    @Test(arguments: ["", "="])
    func longWhiteSpaceStays(before: String) {
        let limit = TransferDecoder.blanksLimit
        for (count, stays) in [(limit, false), (limit + 1, true), (3 * limit, true)] {
            let text = Array((before + String(repeating: " ", count: count) + "\r\n").utf8)
            let whole = decode(text, "quoted-printable", cutAt: [])
            #expect(whole == (stays ? text : before.isEmpty ? [0x0D, 0x0A] : []))
            #expect(decode(text, "quoted-printable", cutAt: [1, limit, limit + 2, text.count - 1]) == whole)
        }
    }
}
