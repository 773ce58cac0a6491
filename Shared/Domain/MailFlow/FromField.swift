// SPDX-License-Identifier: Apache-2.0

import MailFormat

/// The mailboxes of a submission's From field, read strictly: what is not plainly an address list gives nil and is
/// refused, so that no reader can see another author in it than the one we checked.
///
///     mailbox-list with groups = (mailbox / group) *("," (mailbox / group))   (RFC 5322 section 3.4, RFC 6854)
struct FromField {
    /// Nil when malformed or when it names nobody. `body`: behind the colon, folded or not.
    static func mailboxes(_ body: ArraySlice<UInt8>) -> [MailAddress]? {
        var field = FromField(body)
        guard let found = field.list(inGroup: false), field.index == body.endIndex, !found.isEmpty else { return nil }
        return found
    }

    private enum Word: Equatable {
        case atom([UInt8])
        case quoted([UInt8])
        case literal([UInt8])
        case special(UInt8)
    }

    private let bytes: ArraySlice<UInt8>
    private var index: Int

    private init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        index = bytes.startIndex
    }

    private mutating func list(inGroup: Bool) -> [MailAddress]? {
        var found: [MailAddress] = []
        while true {
            guard let entry = entry(inGroup: inGroup) else { return nil }
            found += entry
            guard skip() else { return nil }
            if peek == 0x2C {
                index += 1
                continue
            }
            return found
        }
    }

    /// One mailbox or group; nothing at all between commas is the obsolete syntax and gives no mailbox.
    private mutating func entry(inGroup: Bool) -> [MailAddress]? {
        var words: [Word] = []
        while true {
            guard skip() else { return nil }
            guard let byte = peek, byte != 0x2C, byte != 0x3B else { break }
            if byte == 0x3C {
                // Everything before is the display name: words and dots.
                guard words.allSatisfy(Self.isPhrase), let address = angleAddress() else { return nil }
                guard skip(), peek == nil || peek == 0x2C || peek == 0x3B else { return nil }
                return [address]
            }
            if byte == 0x3A {
                guard !inGroup, !words.isEmpty, words.allSatisfy(Self.isPhrase) else { return nil }
                index += 1
                guard let members = list(inGroup: true), peek == 0x3B else { return nil }
                index += 1
                return members
            }
            guard let word = word() else { return nil }
            words.append(word)
        }
        if words.isEmpty { return [] }
        return Self.address(words).map { [$0] }
    }

    // angle-addr = "<" [obs-route] addr-spec ">"; a route is refused
    private mutating func angleAddress() -> MailAddress? {
        index += 1
        var words: [Word] = []
        while true {
            guard skip(), let byte = peek else { return nil }
            if byte == 0x3E {
                index += 1
                return Self.address(words)
            }
            guard let word = word() else { return nil }
            words.append(word)
        }
    }

    private mutating func word() -> Word? {
        guard let byte = peek else { return nil }
        switch byte {
        case 0x22: return delimited(by: 0x22).map { .quoted($0) }
        case 0x5B: return delimited(by: 0x5D).map { .literal($0) }
        case UInt8(ascii: "@"), UInt8(ascii: "."):
            index += 1
            return .special(byte)
        default:
            let start = index
            while let next = peek, Self.isAtom(next) { index += 1 }
            return index > start ? .atom(Array(bytes[start..<index])) : nil
        }
    }

    /// Content between the current octet and `end`, with backslashes and folds resolved.
    private mutating func delimited(by end: UInt8) -> [UInt8]? {
        index += 1
        var content: [UInt8] = []
        while let byte = peek {
            index += 1
            switch byte {
            case end: return content
            case 0x5C:
                guard let next = peek else { return nil }
                content.append(next)
                index += 1
            case 0x0D, 0x0A: break
            case 0x5B: return nil
            default: content.append(byte)
            }
        }
        return nil
    }

    /// Blanks, folds and comments; false for a comment that does not end.
    private mutating func skip() -> Bool {
        var depth = 0
        while let byte = peek {
            switch byte {
            case 0x28: depth += 1
            case 0x29 where depth > 0: depth -= 1
            case 0x5C where depth > 0: index = min(index + 1, bytes.endIndex - 1)
            case 0x20, 0x09, 0x0D, 0x0A: break
            default: if depth == 0 { return true }
            }
            index += 1
        }
        return depth == 0
    }

    private var peek: UInt8? { index < bytes.endIndex ? bytes[index] : nil }

    // addr-spec: words with dots between, "@", atoms with dots between or one literal
    private static func address(_ words: [Word]) -> MailAddress? {
        let parts = words.split(separator: .special(UInt8(ascii: "@")), omittingEmptySubsequences: false)
        guard parts.count == 2, let local = joined(parts[0], literal: false),
            let domain = joined(parts[1], literal: true)
        else { return nil }
        return MailAddress(localPart: local, domain: domain)
    }

    private static func joined(_ words: ArraySlice<Word>, literal: Bool) -> String? {
        if literal, words.count == 1, case .literal(let content)? = words.first {
            return String(validating: content, as: UTF8.self).map { "[\($0)]" }
        }
        var result: [UInt8] = []
        for (position, word) in words.enumerated() {
            switch word {
            case .atom(let text) where position % 2 == 0: result += text
            case .quoted(let text) where position % 2 == 0 && !literal: result += text
            case .special(UInt8(ascii: ".")) where position % 2 == 1: result.append(0x2E)
            default: return nil
            }
        }
        guard words.count % 2 == 1, !result.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return nil }
        return String(validating: result, as: UTF8.self)
    }

    private static func isPhrase(_ word: Word) -> Bool {
        switch word {
        case .atom, .quoted, .special(UInt8(ascii: ".")): true
        // "anna@example.org" <bob@example.org> without quotes: some readers show the first.
        case .literal, .special: false
        }
    }

    private static func isAtom(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x80...0xFF: true
        default: "!#$%&'*+-/=?^_`{|}~".utf8.contains(byte)
        }
    }
}
