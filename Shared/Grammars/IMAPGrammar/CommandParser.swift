// SPDX-License-Identifier: Apache-2.0

/// Why a command is none; the tag, where there was one, lets the session answer BAD.
package struct IMAPSyntaxError: Error, Equatable, Sendable {
    package let tag: String?
    package let message: String
}

/// A command with its tag.
package struct TaggedCommand: Sendable, Equatable {
    package let tag: String
    package let command: Command

    /// `isUTF8`: IMAP4rev2 is enabled, so a mailbox name is UTF-8 and an `&` in it itself (RFC 9051 section 5.1).
    package init(parsing bytes: CommandBytes, isUTF8: Bool = false) throws(IMAPSyntaxError) {
        var parser = CommandParser(bytes, isUTF8: isUTF8)
        var tag: String?
        do {
            let found = try parser.tag()
            tag = found
            self.tag = found
            command = try parser.command()
        } catch {
            throw IMAPSyntaxError(tag: tag, message: error.message)
        }
    }

    /// Tag and name alone, as far as they are there: what decides about a literal.
    package static func peek(_ bytes: CommandBytes) -> (tag: String?, name: String) {
        var parser = CommandParser(bytes)
        guard let tag = try? parser.tag(), parser.skip(0x20), let name = try? parser.atom() else { return (nil, "") }
        return (tag, name.uppercased())
    }
}

/// Reads one command. Each method is a rule of RFC 9051 section 9.
struct CommandParser {
    struct Failure: Error { let message: String }

    /// Levels of parentheses in SEARCH, and of anything else that nests.
    static let depthLimit = 50

    private let input: [UInt8]
    private let literals: [[UInt8]]
    private var position = 0
    private let isUTF8: Bool
    private var literal = 0

    init(_ bytes: CommandBytes, isUTF8: Bool = false) {
        self.isUTF8 = isUTF8
        input = bytes.text
        literals = bytes.literals
    }

    var next: UInt8? { position < input.count ? input[position] : nil }
    var isAtEnd: Bool { position == input.count }

    func fail(_ message: String) -> Failure { Failure(message: message) }

    mutating func skip(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    mutating func expect(_ character: Character) throws(Failure) {
        guard skip(character.asciiValue ?? 0) else { throw fail("'\(character)' expected") }
    }

    mutating func space() throws(Failure) {
        guard skip(0x20) else { throw fail("a space is missing") }
    }

    func end() throws(Failure) {
        guard isAtEnd else { throw fail("unexpected text at the end") }
    }

    private mutating func take(while allowed: (UInt8) -> Bool) -> String {
        let start = position
        while let byte = next, allowed(byte) { position += 1 }
        return String(decoding: input[start..<position], as: UTF8.self)
    }

    /// tag = 1*<any ASTRING-CHAR except "+">
    mutating func tag() throws(Failure) -> String {
        let tag = take { Self.isAstring($0) && $0 != 0x2B }
        guard !tag.isEmpty, tag.utf8.count <= 100 else { throw fail("the tag is missing") }
        return tag
    }

    /// ATOM-CHAR: any printable but specials
    static func isAtom(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...0x20, 0x7F...0xFF, 0x28, 0x29, 0x7B, 0x25, 0x2A, 0x22, 0x5C, 0x5D: false
        default: true
        }
    }
    static func isAstring(_ byte: UInt8) -> Bool { isAtom(byte) || byte == 0x5D }

    mutating func atom() throws(Failure) -> String {
        let atom = take(while: Self.isAtom)
        guard !atom.isEmpty else { throw fail("a word is missing") }
        return atom
    }

    /// `word` is in upper case; the input may be in any.
    mutating func keyword(_ word: String) -> Bool {
        let bytes = Array(word.utf8)
        guard position + bytes.count <= input.count else { return false }
        for (offset, byte) in bytes.enumerated() {
            let found = input[position + offset]
            guard found == byte || (0x61...0x7A).contains(found) && found - 0x20 == byte else { return false }
        }
        position += bytes.count
        return true
    }

    mutating func number() throws(Failure) -> UInt64 {
        let digits = take { (0x30...0x39).contains($0) }
        guard let value = UInt64(digits), digits.utf8.count <= 19 else { throw fail("a number is missing") }
        return value
    }

    mutating func number32() throws(Failure) -> UInt32 {
        guard let value = UInt32(exactly: try number()) else { throw fail("the number is too large") }
        return value
    }

    /// string = quoted / literal
    mutating func string() throws(Failure) -> [UInt8] {
        if skip(0) {
            literal += 1
            guard literal <= literals.count else { throw fail("a literal is missing") }
            return literals[literal - 1]
        }
        guard skip(0x22) else { throw fail("a string is missing") }
        var result: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case 0x22: return result
            case 0x5C:
                guard let escaped = next, escaped == 0x22 || escaped == 0x5C else {
                    throw fail("a backslash quotes only \" and \\")
                }
                result.append(escaped)
                position += 1
            case 0, 0x0A, 0x0D: throw fail("a quoted string cannot hold that")
            default: result.append(byte)
            }
        }
        throw fail("a quoted string is not closed")
    }

    /// astring = 1*ASTRING-CHAR / string
    mutating func astring() throws(Failure) -> [UInt8] {
        if next == 0x22 || next == 0 { return try string() }
        let start = position
        while let byte = next, Self.isAstring(byte) || byte >= 0x80 { position += 1 }
        guard position > start else { throw fail("an argument is missing") }
        return Array(input[start..<position])
    }

    mutating func text() throws(Failure) -> String {
        guard let text = String(validating: try astring(), as: UTF8.self) else { throw fail("the text is no UTF-8") }
        return text
    }

    mutating func mailbox() throws(Failure) -> String {
        try mailboxName(try astring())
    }

    /// UTF-8 for IMAP4rev2. Before, modified UTF-7 (RFC 3501 section 5.1.3), and UTF-8 from clients that do not wait
    /// for ENABLE: such names hold bytes that modified UTF-7 never does.
    private func mailboxName(_ bytes: [UInt8]) throws(Failure) -> String {
        guard isUTF8 || bytes.contains(where: { $0 >= 0x80 }) else {
            guard let name = ModifiedUTF7.decode(bytes) else { throw fail("the mailbox name is no modified UTF-7") }
            return name
        }
        guard let name = String(validating: bytes, as: UTF8.self) else { throw fail("the mailbox name is no UTF-8") }
        return name
    }

    /// list-mailbox: a pattern with wildcards
    mutating func pattern() throws(Failure) -> String {
        if next == 0x22 || next == 0 {
            let quoted = try string()
            guard quoted.count <= 2_000 else { throw fail("the pattern is too long") }
            return try mailboxName(quoted)
        }
        let start = position
        while let byte = next, Self.isAstring(byte) || byte == 0x25 || byte == 0x2A || byte >= 0x80 { position += 1 }
        guard position > start else { throw fail("a pattern is missing") }
        guard position - start <= 2_000 else { throw fail("the pattern is too long") }
        return try mailboxName(Array(input[start..<position]))
    }

    mutating func sequenceSet() throws(Failure) -> SequenceSet {
        if skip(0x24) { return .saved }
        var ranges: [(first: UInt32?, last: UInt32?)] = []
        repeat {
            guard ranges.count < SequenceSet.limit else { throw fail("the set has too many ranges") }
            let first = try sequenceNumber()
            let last = skip(0x3A) ? try sequenceNumber() : first
            ranges.append((first, last))
        } while skip(0x2C)
        return .ranges(ranges)
    }

    private mutating func sequenceNumber() throws(Failure) -> UInt32? {
        if skip(0x2A) { return nil }
        let value = try number32()
        guard value > 0 else { throw fail("0 is no number of a message") }
        return value
    }

    /// flag-list = "(" [flag *(SP flag)] ")"
    mutating func flagList() throws(Failure) -> [String] {
        try expect("(")
        var flags: [String] = []
        while next != 0x29 {
            if !flags.isEmpty { try space() }
            flags.append(try flag())
            guard flags.count <= 200 else { throw fail("too many flags") }
        }
        try expect(")")
        return flags
    }

    mutating func flag() throws(Failure) -> String {
        (skip(0x5C) ? "\\" : "") + (try atom())
    }

    /// Items in parentheses with single spaces between them.
    mutating func list<Item>(_ item: (inout CommandParser) throws(Failure) -> Item) throws(Failure) -> [Item] {
        try expect("(")
        var items: [Item] = []
        while next != 0x29 {
            if !items.isEmpty { try space() }
            items.append(try item(&self))
            guard items.count <= 1_000 else { throw fail("the list is too long") }
        }
        try expect(")")
        return items
    }

    /// The rest of the line as it is.
    mutating func rest() -> [UInt8] {
        defer { position = input.count }
        return Array(input[position...])
    }
}
