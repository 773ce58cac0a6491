// SPDX-License-Identifier: Apache-2.0

/// One entry of an address field (RFC 5322 section 3.4), as an IMAP ENVELOPE tells it.
package enum AddressItem: Sendable, Equatable, Codable {
    case mailbox(MailboxEntry)
    /// `Friends:` … up to `groupEnd`.
    case groupStart(String)
    case groupEnd
}

/// A mailbox as it is written.
package struct MailboxEntry: Sendable, Equatable, Codable {
    /// Without quotes, encoded words left as they are.
    package var displayName: String?
    package var localPart: String
    /// Empty when there was no `@`.
    package var domain: String

    /// `nil` when it is no address.
    package var address: MailAddress? { domain.isEmpty ? nil : MailAddress(localPart: localPart, domain: domain) }
}

/// Reads address fields as they come: groups, comments, routes, obsolete forms. Never fails; what makes no sense
/// becomes an entry without domain.
package enum AddressList {
    /// Entries of one field at most.
    package static let limit = 10_000

    package static func parse(_ text: String) -> [AddressItem] {
        var scanner = Scanner(Array(text.unicodeScalars))
        return scanner.list()
    }

    /// The mailboxes alone.
    package static func mailboxes(_ text: String) -> [MailboxEntry] {
        parse(text).compactMap { if case .mailbox(let entry) = $0 { entry } else { nil } }
    }

    private struct Scanner {
        let text: [Unicode.Scalar]
        var position = 0
        var comment: String?

        init(_ text: [Unicode.Scalar]) { self.text = text }

        var next: Unicode.Scalar? { position < text.count ? text[position] : nil }

        mutating func list() -> [AddressItem] {
            var items: [AddressItem] = []
            var inGroup = false
            while items.count < AddressList.limit {
                skipSpace()
                guard let scalar = next else { break }
                switch scalar {
                case ",": position += 1
                case ";":
                    position += 1
                    if inGroup { items.append(.groupEnd) }
                    inGroup = false
                default:
                    comment = nil
                    let item = entry()
                    if case .groupStart = item {
                        if inGroup { items.append(.groupEnd) }
                        inGroup = true
                    }
                    if let item { items.append(item) }
                }
            }
            if inGroup { items.append(.groupEnd) }
            return items
        }

        /// From the first word to the comma, the semicolon or the end, or to a group's colon.
        mutating func entry() -> AddressItem? {
            var words: [String] = []
            while let scalar = next, scalar != ",", scalar != ";" {
                switch scalar {
                case "<":
                    position += 1
                    let (local, domain) = angle()
                    skipToSeparator()
                    let name = words.joined(separator: " ")
                    return .mailbox(
                        MailboxEntry(displayName: name.isEmpty ? comment : name, localPart: local, domain: domain))
                case ":":
                    position += 1
                    return .groupStart(words.joined(separator: " "))
                case "@":
                    position += 1
                    let domain = self.domain()
                    skipToSeparator()
                    return .mailbox(MailboxEntry(displayName: comment, localPart: words.joined(), domain: domain))
                default:
                    if let word = word() { words.append(word) } else { position += 1 }
                }
                skipSpace()
            }
            guard !words.isEmpty else { return nil }
            return .mailbox(MailboxEntry(displayName: nil, localPart: words.joined(separator: " "), domain: ""))
        }

        mutating func angle() -> (local: String, domain: String) {
            var words: [String] = []
            skipSpace()
            // an obsolete source route: @a,@b:
            if next == "@" {
                while let scalar = next, scalar != ":", scalar != ">" { position += scalar == ":" ? 0 : 1 }
                if next == ":" { position += 1 }
            }
            var domain = ""
            while let scalar = next, scalar != ">" {
                if scalar == "@" {
                    position += 1
                    domain = self.domain()
                } else if let word = word() {
                    words.append(word)
                } else {
                    position += 1
                }
                skipSpace()
            }
            if next == ">" { position += 1 }
            return (words.joined(), domain)
        }

        /// A quoted string without its quotes, or a run of anything that separates nothing.
        mutating func word() -> String? {
            skipSpace()
            var result = String.UnicodeScalarView()
            if next == "\"" {
                position += 1
                while let scalar = next, scalar != "\"" {
                    if scalar == "\\", position + 1 < text.count { position += 1 }
                    result.append(text[position])
                    position += 1
                }
                position = min(position + 1, text.count)
                return String(result)
            }
            while let scalar = next, !"<>@,;:\" \t\r\n()".unicodeScalars.contains(scalar) {
                result.append(scalar)
                position += 1
            }
            return result.isEmpty ? nil : String(result)
        }

        mutating func domain() -> String {
            var result = String.UnicodeScalarView()
            skipSpace()
            if next == "[" {
                while let scalar = next, scalar != "]", scalar != ">" {
                    result.append(scalar)
                    position += 1
                }
                if next == "]" {
                    result.append("]")
                    position += 1
                }
                return String(result)
            }
            while let scalar = next, !"<>@,;:\"".unicodeScalars.contains(scalar) {
                if " \t\r\n(".unicodeScalars.contains(scalar) {
                    skipSpace()
                    // only a dot goes on behind white space (obsolete form)
                    if next == "." || result.last == "." { continue }
                    break
                }
                result.append(scalar)
                position += 1
            }
            return String(result)
        }

        mutating func skipToSeparator() {
            skipSpace()
            while let scalar = next, scalar != ",", scalar != ";" {
                position += 1
                if scalar == "\"" {
                    position -= 1
                    _ = word()
                }
                skipSpace()
            }
        }

        /// White space and comments; remembers the last comment, which is a name in the old form `a@b (Name)`.
        mutating func skipSpace() {
            while let scalar = next {
                if " \t\r\n".unicodeScalars.contains(scalar) {
                    position += 1
                } else if scalar == "(" {
                    comment = readComment()
                } else {
                    return
                }
            }
        }

        mutating func readComment() -> String {
            var depth = 0
            var result = String.UnicodeScalarView()
            while let scalar = next {
                position += 1
                switch scalar {
                case "(":
                    depth += 1
                    if depth == 1 { continue }
                case ")":
                    depth -= 1
                    if depth == 0 { return String(result) }
                case "\\":
                    if let escaped = next {
                        result.append(escaped)
                        position += 1
                    }
                    continue
                default: break
                }
                result.append(scalar)
            }
            return String(result)
        }
    }
}
