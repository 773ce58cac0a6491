// SPDX-License-Identifier: Apache-2.0

/// FETCH and UID FETCH (RFC 9051 section 6.4.5, RFC 7162 section 3.1.4.1).
package struct FetchCommand: Sendable, Equatable {
    package var set: SequenceSet
    package var items: [FetchItem]
    package var changedSince: UInt64?
    package var byUID: Bool
}

package enum FetchItem: Sendable, Equatable {
    case flags, uid, internalDate, size, envelope, body, bodyStructure, modseq
    case rfc822, rfc822Header, rfc822Text
    /// `BODY[…]<…>`, `BODY.PEEK[…]`
    case section(Section, partial: Partial?, isPeek: Bool)
    /// `BINARY[…]<…>`, `BINARY.PEEK[…]` (RFC 3516)
    case binary([Int], partial: Partial?, isPeek: Bool)
    case binarySize([Int])
}

package struct Partial: Sendable, Equatable {
    package let start: Int
    package let count: Int
}

/// What stands in the brackets of BODY[…].
package struct Section: Sendable, Equatable {
    package enum Text: Sendable, Equatable {
        case all, header, text, mime
        case headerFields([String], isNot: Bool)
    }

    package var part: [Int]
    package var text: Text
}

extension CommandParser {
    mutating func fetch(byUID: Bool) throws(Failure) -> FetchCommand {
        let set = try sequenceSet()
        try space()
        var items: [FetchItem]
        if next == 0x28 {
            items = try list { parser throws(Failure) in try parser.fetchItem() }
            guard !items.isEmpty else { throw fail("FETCH what?") }
        } else if keyword("ALL") {
            items = [.flags, .internalDate, .size, .envelope]
        } else if keyword("FULL") {
            items = [.flags, .internalDate, .size, .envelope, .body]
        } else if keyword("FAST") {
            items = [.flags, .internalDate, .size]
        } else {
            items = [try fetchItem()]
        }
        var changedSince: UInt64?
        if skip(0x20) {
            try expect("(")
            guard keyword("CHANGEDSINCE") else { throw fail("unknown modifier of FETCH") }
            try space()
            changedSince = try number()
            try expect(")")
        }
        return FetchCommand(set: set, items: items, changedSince: changedSince, byUID: byUID)
    }

    private mutating func fetchItem() throws(Failure) -> FetchItem {
        let name = try fetchName()
        switch name {
        case "FLAGS": return .flags
        case "UID": return .uid
        case "INTERNALDATE": return .internalDate
        case "RFC822.SIZE": return .size
        case "ENVELOPE": return .envelope
        case "BODYSTRUCTURE": return .bodyStructure
        case "MODSEQ": return .modseq
        case "RFC822": return .rfc822
        case "RFC822.HEADER": return .rfc822Header
        case "RFC822.TEXT": return .rfc822Text
        case "BODY", "BODY.PEEK":
            guard next == 0x5B else {
                guard name == "BODY" else { throw fail("BODY.PEEK needs a section") }
                return .body
            }
            let section = try section()
            return .section(section, partial: try partial(), isPeek: name == "BODY.PEEK")
        case "BINARY", "BINARY.PEEK":
            let part = try sectionPart()
            return .binary(part, partial: try partial(), isPeek: name == "BINARY.PEEK")
        case "BINARY.SIZE": return .binarySize(try sectionPart())
        default: throw fail("unknown item \(name)")
        }
    }

    /// Letters, digits and dots.
    private mutating func fetchName() throws(Failure) -> String {
        var name: [UInt8] = []
        while let byte = next,
            (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A) || (0x30...0x39).contains(byte) || byte == 0x2E
        {
            name.append(byte)
            _ = skip(byte)
        }
        guard !name.isEmpty else { throw fail("an item is missing") }
        return String(decoding: name, as: UTF8.self).uppercased()
    }

    private mutating func numbers() throws(Failure) -> [Int] {
        var part: [Int] = []
        while let byte = next, (0x30...0x39).contains(byte) {
            let value = try number32()
            guard value > 0, part.count < 200 else { throw fail("0 is no part") }
            part.append(Int(value))
            guard next == 0x2E else { break }
            _ = skip(0x2E)
        }
        return part
    }

    private mutating func section() throws(Failure) -> Section {
        try expect("[")
        let part = try numbers()
        var text = Section.Text.all
        if keyword("HEADER.FIELDS.NOT") {
            text = .headerFields(try fieldNames(), isNot: true)
        } else if keyword("HEADER.FIELDS") {
            text = .headerFields(try fieldNames(), isNot: false)
        } else if keyword("HEADER") {
            text = .header
        } else if keyword("TEXT") {
            text = .text
        } else if keyword("MIME") {
            guard !part.isEmpty else { throw fail("MIME needs a part") }
            text = .mime
        }
        try expect("]")
        return Section(part: part, text: text)
    }

    private mutating func fieldNames() throws(Failure) -> [String] {
        try space()
        let names = try list { parser throws(Failure) in String(decoding: try parser.astring(), as: UTF8.self) }
        guard !names.isEmpty else { throw fail("field names are missing") }
        return names
    }

    private mutating func sectionPart() throws(Failure) -> [Int] {
        try expect("[")
        let part = try numbers()
        try expect("]")
        return part
    }

    private mutating func partial() throws(Failure) -> Partial? {
        guard skip(0x3C) else { return nil }
        let start = try number32()
        try expect(".")
        let count = try number32()
        guard count > 0 else { throw fail("a partial of nothing") }
        try expect(">")
        return Partial(start: Int(start), count: Int(count))
    }
}
