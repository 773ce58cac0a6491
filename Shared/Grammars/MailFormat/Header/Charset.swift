// SPDX-License-Identifier: Apache-2.0

/// Text in any character set, by iconv(3). glibc keeps the rarer ones as files (its gconv modules), which the runtime
/// image has.
package enum Charset {
    /// Decodes what can be decoded; bytes that make no sense become U+FFFD. An unknown set is tried as UTF-8, then read
    /// as windows-1252.
    package static func decode(_ bytes: ArraySlice<UInt8>, _ name: String) -> String {
        guard let converter = converterName(name) else { return lenient(bytes) }
        return convert(bytes, converter) ?? lenient(bytes)
    }

    /// UTF-8 where it is, else windows-1252.
    package static func lenient(_ bytes: ArraySlice<UInt8>) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        return convert(bytes, "CP1252") ?? String(decoding: bytes, as: UTF8.self)
    }

    /// What iconv knows a set by; nil for UTF-8 and what is read like it.
    static func converterName(_ name: String) -> String? {
        // what senders call by one name and mean by its superset
        let alias = [
            "ks_c_5601-1987": "CP949", "euc-kr": "CP949", "gb2312": "GB18030", "gbk": "GB18030", "iso-8859-1": "CP1252",
            "shift_jis": "CP932", "big5": "BIG5-HKSCS",
        ]
        switch name.lowercased() {
        case "utf-8", "utf8", "us-ascii", "ascii", "": return nil
        case let name: return alias[name] ?? name
        }
    }

    private static func convert(_ bytes: ArraySlice<UInt8>, _ name: String) -> String? {
        CharsetDecoder(converter: name).map { String(decoding: $0.decode(bytes, isLast: true), as: UTF8.self) }
    }
}
