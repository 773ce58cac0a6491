// SPDX-License-Identifier: Apache-2.0

/// A macro-string (RFC 7208 section 7.1), read but not expanded.
struct SPFMacro: Sendable {
    enum Part: Sendable {
        case text(String)
        /// Letter in lower case; `keep` right-hand parts, nil for all.
        case macro(Character, escaped: Bool, keep: Int?, reversed: Bool, delimiters: [Character])
    }

    let parts: [Part]

    /// - Parameter allowsExplanationLetters: the letters c, r and t, and spaces: only in the text of an explanation.
    init?(_ text: String, allowsExplanationLetters: Bool) {
        var parts: [Part] = []
        var literal = ""
        var rest = Substring(text)
        while let character = rest.popFirst() {
            guard let byte = character.asciiValue, byte > 0x20 || (allowsExplanationLetters && byte == 0x20),
                byte < 0x7F
            else { return nil }
            guard character == "%" else {
                literal.append(character)
                continue
            }
            switch rest.popFirst() {
            case "%": literal.append("%")
            case "_": literal.append(" ")
            case "-": literal += "%20"
            case "{":
                guard let end = rest.firstIndex(of: "}"),
                    let macro = Self.macro(rest[..<end], allowsExplanationLetters)
                else { return nil }
                if !literal.isEmpty { parts.append(.text(literal)) }
                literal = ""
                parts.append(macro)
                rest = rest[rest.index(after: end)...]
            default: return nil
            }
        }
        if !literal.isEmpty { parts.append(.text(literal)) }
        self.parts = parts
    }

    /// A domain-spec: ends in a macro, or in a dot and a top label that is not all digits.
    init?(domain text: String) {
        guard !text.isEmpty, let macro = SPFMacro(text, allowsExplanationLetters: false) else { return nil }
        self = macro
        guard case .text? = macro.parts.last else { return }
        // domain-end = ( "." toplabel [ "." ] ) / macro-expand, where %%, %_ and %- are macro-expands too.
        if text.hasSuffix("%%") || text.hasSuffix("%_") || text.hasSuffix("%-") { return }
        let body = text.hasSuffix(".") ? text.dropLast() : text[...]
        guard let dot = body.lastIndex(of: ".") else { return nil }
        let label = body[body.index(after: dot)...]
        guard let first = label.first, let last = label.last, first != "-", last != "-",
            label.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" }), !label.allSatisfy(\.isNumber)
        else { return nil }
    }

    private static func macro(_ text: Substring, _ allowsExplanationLetters: Bool) -> Part? {
        guard let letter = text.first, let lower = letter.lowercased().first,
            (allowsExplanationLetters ? "slodiphcrtv" : "slodiphv").contains(lower)
        else { return nil }
        var rest = text.dropFirst()
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        rest = rest.dropFirst(digits.count)
        var keep: Int?
        if !digits.isEmpty {
            guard digits.contains(where: { $0 != "0" }) else { return nil }
            keep = Int(digits) ?? 1000
        }
        var isReversed = false
        if let next = rest.first, next == "r" || next == "R" {
            isReversed = true
            rest = rest.dropFirst()
        }
        guard rest.allSatisfy({ ".-+,/_=".contains($0) }) else { return nil }
        return .macro(
            lower, escaped: letter.isUppercase, keep: keep, reversed: isReversed,
            delimiters: rest.isEmpty ? ["."] : Array(rest))
    }

    /// Transforms one value as its macro says (section 7.3).
    static func transform(
        _ value: String, escaped: Bool, keep: Int?, reversed: Bool, delimiters: [Character]
    ) -> String {
        var result = value
        if reversed || keep != nil || delimiters != ["."] {
            var pieces = value.split(omittingEmptySubsequences: false) { delimiters.contains($0) }
            if reversed { pieces.reverse() }
            if let keep { pieces = Array(pieces.suffix(keep)) }
            result = pieces.joined(separator: ".")
        }
        guard escaped else { return result }
        var text = ""
        for byte in result.utf8 {
            let scalar = Character(UnicodeScalar(byte))
            if byte < 0x80, scalar.isLetter || scalar.isNumber || "-._~".contains(scalar) {
                text.append(scalar)
            } else {
                text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return text
    }
}
