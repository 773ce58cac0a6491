// SPDX-License-Identifier: Apache-2.0

/// Folds a text that comes in pieces (UTF-8, whole characters each) as `TextFolding.fold` folds all of it.
struct FoldedStream {
    /// Bytes that may wait for a place to cut at. A text that has none in so many (marks or white space throughout) is cut
    /// anywhere.
    private static let heldBytes = 64 * 1024

    private enum Last { case nothing, space, other }
    private var last = Last.nothing
    /// What may still change with what comes.
    private var held: [UInt8] = []

    mutating func add(_ utf8: [UInt8]) -> [UInt8] {
        held += utf8
        if let end = Self.seam(held) { return fold(upTo: end) }
        return held.count > Self.heldBytes ? fold(upTo: held.count) : []
    }

    /// The rest of what came, and a space before what comes next.
    mutating func endOfText() -> [UInt8] {
        var folded = fold(upTo: held.count)
        if last == .other {
            folded.append(0x20)
            last = .space
        }
        return folded
    }

    private mutating func fold(upTo end: Int) -> [UInt8] {
        guard end > 0 else { return [] }
        var folded = TextFolding.fold(String(decoding: held[..<end], as: UTF8.self))
        held.removeFirst(end)
        if last == .space, folded.first == 0x20 { folded.removeFirst() }
        if let byte = folded.last { last = byte == 0x20 ? .space : .other }
        return folded
    }

    /// The last place between two characters that neither change each other nor are white space; a mark belongs to what is
    /// before it.
    private static func seam(_ utf8: [UInt8]) -> Int? {
        var end = utf8.count
        var isNextPlain = false
        while end > 0 {
            var start = end - 1
            while start > 0, utf8[start] & 0xC0 == 0x80 { start -= 1 }
            let isPlain = isPlain(utf8[start..<end])
            if isPlain, isNextPlain { return end }
            isNextPlain = isPlain
            end = start
        }
        return nil
    }

    private static func isPlain(_ utf8: ArraySlice<UInt8>) -> Bool {
        guard utf8.count > 1, let scalar = String(decoding: utf8, as: UTF8.self).unicodeScalars.first else {
            return utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        }
        switch scalar.value {
        case 0x3041..<0x3097, 0x30A1..<0x30FB, 0x3400..<0x4DC0, 0x4E00..<0xA000, 0xAC00..<0xD7A4: return true
        // Jamo make syllables with each other.
        case 0x1100..<0x1200, 0x3130..<0x3190, 0xA960..<0xA980, 0xD7B0..<0xD800, 0xFFA0..<0xFFE0, 0x16D40..<0x16D80:
            return false
        default: break
        }
        return switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .otherLetter: true
        default: false
        }
    }
}
