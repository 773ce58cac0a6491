// SPDX-License-Identifier: Apache-2.0

/// `v=1; a=rsa-sha256; …` (RFC 6376 section 3.2): tags of signatures, of keys and of DMARC records. Names are
/// case-sensitive.
struct TagList {
    /// More make the list malformed.
    static let limit = 100

    private(set) var values: [String: String] = [:]
    private(set) var first: String?

    /// nil for a list that breaks the syntax or names a tag twice.
    init?(_ bytes: some Collection<UInt8>) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var specs = text.utf8.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
        if let last = specs.last, Self.trimmed(last).isEmpty { specs.removeLast() }
        guard !specs.isEmpty, specs.count <= Self.limit else { return nil }
        for spec in specs {
            guard let equals = spec.firstIndex(of: UInt8(ascii: "=")) else { return nil }
            let name = Self.trimmed(spec[..<equals])
            guard Self.isName(name), let word = String(name) else { return nil }
            let value = String(Self.trimmed(spec[spec.index(after: equals)...])) ?? ""
            guard values.updateValue(value, forKey: word) == nil else { return nil }
            if first == nil { first = word }
        }
    }

    subscript(name: String) -> String? { values[name] }

    /// A value without any white space: base64 and lists may be folded anywhere.
    func compact(_ name: String) -> String? {
        values[name].map { String($0.unicodeScalars.filter { !" \t\r\n".unicodeScalars.contains($0) }) }
    }

    /// The decimal number of a tag: nil when it is not there, `.some(nil)` when it is no number of at most 12 digits.
    func number(_ name: String) -> Int?? {
        guard let text = values[name] else { return nil }
        guard (1...12).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return .some(nil)
        }
        return Int(text)
    }

    /// The items between colons, white space around them removed.
    static func items(_ value: String) -> [String] {
        value.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
            .map { String(trimmed($0)) ?? "" }
    }

    // tag-name = ALPHA *ALNUMPUNC
    private static func isName(_ name: Substring.UTF8View) -> Bool {
        guard let first = name.first, (0x41...0x5A).contains(first & 0xDF) else { return false }
        return name.allSatisfy {
            (0x41...0x5A).contains($0 & 0xDF) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "_")
        }
    }

    private static func trimmed(_ text: Substring.UTF8View) -> Substring.UTF8View {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D || $0 == 0x0A }
        let rest = text.drop(while: isSpace)
        guard let last = rest.lastIndex(where: { !isSpace($0) }) else { return rest.prefix(0) }
        return rest[...last]
    }
}
