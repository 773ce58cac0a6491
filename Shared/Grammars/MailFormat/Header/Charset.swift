// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Text in any character set, by iconv(3). glibc keeps the rarer ones as files (its gconv modules), which the runtime
/// image has.
package enum Charset {
    /// Decodes what can be decoded; bytes that make no sense become U+FFFD. An unknown set is tried as UTF-8, then read
    /// as windows-1252.
    package static func decode(_ bytes: ArraySlice<UInt8>, _ name: String) -> String {
        switch name.lowercased() {
        case "utf-8", "utf8", "us-ascii", "ascii", "": return lenient(bytes)
        default: break
        }
        // what senders call by one name and mean by its superset
        let alias = [
            "ks_c_5601-1987": "CP949", "euc-kr": "CP949", "gb2312": "GB18030", "gbk": "GB18030", "iso-8859-1": "CP1252",
            "shift_jis": "CP932", "big5": "BIG5-HKSCS",
        ]
        return convert(bytes, alias[name.lowercased()] ?? name) ?? lenient(bytes)
    }

    /// UTF-8 where it is, else windows-1252.
    package static func lenient(_ bytes: ArraySlice<UInt8>) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        return convert(bytes, "CP1252") ?? String(decoding: bytes, as: UTF8.self)
    }

    private static func convert(_ bytes: ArraySlice<UInt8>, _ name: String) -> String? {
        guard name.utf8.count <= 40, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x2F }) else { return nil }
        guard let converter = iconv_open("UTF-8", name), converter != iconv_t(bitPattern: -1) else { return nil }
        defer { iconv_close(converter) }
        var input = bytes.map { CChar(bitPattern: $0) }
        var output = [UInt8](repeating: 0, count: 64 << 10)
        var result: [UInt8] = []
        var offset = 0
        var failed = false
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
                    guard converted == Int.max || converted == -1 || converted == size_t.max else { break }
                    if wrong == E2BIG { continue }
                    if wrong == EILSEQ || wrong == EINVAL {
                        result.append(contentsOf: [0xEF, 0xBF, 0xBD])
                        offset += 1
                    } else {
                        failed = true
                        break
                    }
                }
            }
        }
        return failed ? nil : String(decoding: result, as: UTF8.self)
    }
}
