// SPDX-License-Identifier: Apache-2.0

/// What is done to a text before it is normalised.
struct TextPreparation {
    /// The white space between two characters of Chinese or Japanese text that goes.
    enum Joining {
        case none
        /// One line end and the blanks around it: such text is wrapped inside of words.
        case lineEnd
        case any
    }

    let keepsIgnorables: Bool
    let joining: Joining

    static let today = TextPreparation(keepsIgnorables: false, joining: .lineEnd)
    /// As texts were folded that had been indexed before.
    static let before = TextPreparation(keepsIgnorables: true, joining: .none)
    static let joined = TextPreparation(keepsIgnorables: false, joining: .any)

    /// Non-starters in a row (UAX #15 section 13, stream-safe text). Sorting a run takes the square of its length.
    static let marks = 30
    /// Parts a line end that joins nothing from one that does: between blocks of HTML, at least.
    static let separator: UInt8 = 0x0C

    func apply(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        result.reserveCapacity(text.utf8.count)
        var gap = Gap()
        var wasWide = false
        var marks = 0
        for scalar in text.unicodeScalars {
            if scalar.value <= 0x20 {
                gap.add(scalar)
                continue
            }
            if !keepsIgnorables, Self.isIgnorable(scalar) { continue }
            let isWide = Self.isWide(scalar)
            if !gap.isEmpty {
                if !(wasWide && isWide && gap.joins(joining)) { result.append(" ") }
                gap = Gap()
                marks = 0
            }
            wasWide = isWide
            if Self.isMark(scalar) {
                if marks == Self.marks {
                    // COMBINING GRAPHEME JOINER: a starter that nobody sees.
                    result.append("\u{34F}")
                    marks = 0
                }
                marks += 1
            } else {
                marks = 0
            }
            result.append(scalar)
        }
        if !gap.isEmpty { result.append(" ") }
        return String(result)
    }

    /// White space between two characters.
    private struct Gap {
        private(set) var isEmpty = true
        private var lineEnds = 0
        private var isSeparated = false

        mutating func add(_ scalar: Unicode.Scalar) {
            isEmpty = false
            if scalar == "\n" { lineEnds += 1 }
            if scalar.value == UInt32(TextPreparation.separator) { isSeparated = true }
        }

        func joins(_ joining: Joining) -> Bool {
            switch joining {
            case .none: false
            case .lineEnd: lineEnds == 1 && !isSeparated
            case .any: true
            }
        }
    }

    /// Soft hyphen, zero width space, joiners, variation selectors.
    private static func isIgnorable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0xAD, 0xAE..<0x300, 0x3400..<0xA000, 0xAC00..<0xD7A4: false
        default: scalar.properties.isDefaultIgnorableCodePoint
        }
    }

    /// Chinese and Japanese: scripts that are written without spaces, and their punctuation. Korean has spaces.
    private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x2E80..<0x2FE0, 0x3001..<0x3130, 0x31A0..<0x3200, 0x3400..<0x4DC0, 0x4E00..<0xA000, 0xF900..<0xFB00,
            0xFF01..<0xFFA0, 0x20000..<0x40000:
            true
        default: false
        }
    }

    /// Non-starters, and what decomposes into some.
    static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x300, 0x3400..<0xA000, 0xAC00..<0xD7A4: false
        case 0xF73, 0xF75, 0xF81, 0xFF9E, 0xFF9F: true
        default: scalar.properties.canonicalCombiningClass != .notReordered
        }
    }
}
