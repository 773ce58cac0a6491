// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Text in a character set that comes in pieces, which may end anywhere. Decodes as `Charset.decode` does.
package final class CharsetDecoder {
    /// Nil: UTF-8 where it is, else windows-1252.
    private let converter: iconv_t?
    /// The begin of a character whose end has not come.
    private var held: [UInt8] = []

    package init(_ name: String) { converter = Self.open(Charset.converterName(name)) }

    init?(converter name: String) {
        guard let converter = Self.open(name) else { return nil }
        self.converter = converter
    }

    deinit { if let converter { iconv_close(converter) } }

    private static func open(_ name: String?) -> iconv_t? {
        guard let name, name.utf8.count <= 40, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x2F }) else {
            return nil
        }
        guard let converter = iconv_open("UTF-8", name), converter != iconv_t(bitPattern: -1) else { return nil }
        return converter
    }

    /// The text of the next piece, and of what was held back before, in UTF-8.
    package func decode(_ piece: ArraySlice<UInt8>, isLast: Bool) -> [UInt8] {
        if let converter { return convert(held + piece, converter, isLast: isLast) }
        let bytes = held + piece
        let end = isLast ? bytes.count : Self.wholeCharacters(bytes)
        held = Array(bytes[end...])
        return Array(Charset.lenient(bytes[..<end]).utf8)
    }

    /// Where the last character of UTF-8 begins when it is not all there.
    private static func wholeCharacters(_ bytes: [UInt8]) -> Int {
        for start in bytes.indices.suffix(3).reversed() {
            let length =
                switch bytes[start] {
                case 0xC2...0xDF: 2
                case 0xE0...0xEF: 3
                case 0xF0...0xF4: 4
                default: 1
                }
            if length > 1 { return start + length > bytes.count ? start : bytes.count }
        }
        return bytes.count
    }

    private func convert(_ bytes: [UInt8], _ converter: iconv_t, isLast: Bool) -> [UInt8] {
        var input = bytes.map { CChar(bitPattern: $0) }
        var output = [UInt8](repeating: 0, count: 64 << 10)
        var result: [UInt8] = []
        var offset = 0
        held = []
        input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBytes { output in
                while offset < input.count {
                    var source: UnsafeMutablePointer<CChar>? = input.baseAddress! + offset
                    var left = input.count - offset
                    var target: UnsafeMutablePointer<CChar>? = output.baseAddress!.assumingMemoryBound(to: CChar.self)
                    var room = output.count
                    let converted = iconv(converter, &source, &left, &target, &room)
                    let wrong = errno
                    result.append(contentsOf: output[0..<(output.count - room)])
                    offset = input.count - left
                    guard converted == size_t.max || converted == -1 else { break }
                    if wrong == E2BIG { continue }
                    // No character is longer than this: what is, is none.
                    if wrong == EINVAL, !isLast, left <= 16 {
                        held = Array(bytes[offset...])
                        break
                    }
                    result.append(contentsOf: [0xEF, 0xBF, 0xBD])
                    offset += 1
                }
            }
        }
        return result
    }
}
