// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The form in which texts are kept for searching and needles are looked for: no default ignorables, no line end inside of
/// Chinese or Japanese text, NFKC, lower case, each run of white space (line ends too) one space, no NUL. UTF-8.
enum TextFolding {
    static func fold(_ text: String) -> [UInt8] {
        let isASCII = text.utf8.allSatisfy { $0 < 0x80 }
        return isASCII ? collapse(text.utf8, lowering: true) : normalise(TextPreparation.today.apply(text))
    }

    /// The foldings under which a needle is looked for: that of today, that of texts which were indexed before ignorables and
    /// line ends were dropped, and that of a text which has a line end where the needle has a space.
    static func needles(_ text: String) -> [[UInt8]] {
        let isASCII = text.utf8.allSatisfy { $0 < 0x80 }
        if isASCII { return [fold(text)] }
        var needles: [[UInt8]] = []
        for preparation in [TextPreparation.today, .before, .joined] {
            let needle = normalise(preparation.apply(text))
            // What has nothing but ignorables must not match everything.
            if !needle.isEmpty, !needles.contains(needle) { needles.append(needle) }
        }
        return needles
    }

    private static func normalise(_ prepared: String) -> [UInt8] {
        collapse(prepared.precomposedStringWithCompatibilityMapping.lowercased().utf8, lowering: false)
    }

    private static func collapse(_ bytes: some Collection<UInt8>, lowering: Bool) -> [UInt8] {
        var folded: [UInt8] = []
        folded.reserveCapacity(bytes.count)
        var wasSpace = false
        for byte in bytes {
            if byte <= 0x20 {
                if !wasSpace { folded.append(0x20) }
                wasSpace = true
            } else {
                folded.append(lowering && byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte)
                wasSpace = false
            }
        }
        return folded
    }

    /// The longest prefix of at most `limit` bytes that ends between characters.
    static func prefix(_ utf8: [UInt8], _ limit: Int) -> ArraySlice<UInt8> {
        guard utf8.count > limit else { return utf8[...] }
        var end = limit
        while end > 0, utf8[end] & 0xC0 == 0x80 { end -= 1 }
        return utf8[..<end]
    }

    /// An FTS5 query for texts that may hold the folded needle: all its trigrams (up to 24, spread over its length).
    /// Nil when it is too short for the index (less than three characters), as many CJK words are.
    static func indexQuery(_ needle: [UInt8]) -> String? {
        let scalars = Array(String(decoding: needle, as: UTF8.self).unicodeScalars)
        guard scalars.count >= 3 else { return nil }
        let count = scalars.count - 2
        let step = max(1, count / 24)
        var terms: [String] = []
        for start in stride(from: 0, to: count, by: step) {
            var term = ""
            for scalar in scalars[start..<start + 3] {
                if scalar == "\"" { term += "\"\"" } else { term.unicodeScalars.append(scalar) }
            }
            terms.append("\"\(term)\"")
        }
        return terms.joined(separator: " AND ")
    }

    static func contains(_ text: UnsafeRawBufferPointer, _ needle: [UInt8]) -> Bool {
        guard let first = needle.first else { return true }
        guard let base = text.baseAddress else { return false }
        return needle.withUnsafeBytes { needle in
            var start = 0
            while start + needle.count <= text.count,
                let hit = memchr(base + start, Int32(first), text.count - needle.count - start + 1)
            {
                if memcmp(hit, needle.baseAddress!, needle.count) == 0 { return true }
                start = UnsafeRawPointer(hit) - base + 1
            }
            return false
        }
    }
}
