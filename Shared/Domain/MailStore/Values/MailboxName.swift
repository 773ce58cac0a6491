// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The full name of a mailbox: levels separated by `/`, in Unicode NFC, `INBOX` always in capitals.
///
/// Any value is valid: not empty, no empty level, no control character, within the bounds of `StoreLimits`. The first
/// level matches INBOX in any case (RFC 9051 section 5.1), also as a parent: `inbox/a` is `INBOX/a`. All else is
/// case-sensitive. The IMAP forms (modified UTF-7, quoting) are not known here.
package struct MailboxName: Hashable, Sendable, Comparable, CustomStringConvertible {
    package static let separator: Character = "/"
    package static let inbox = MailboxName(unchecked: "INBOX")

    /// For example `Work/Projects`.
    package let path: String

    /// A trailing separator (`CREATE foo/`, RFC 9051 section 6.3.4) is dropped. Throws `.invalidMailboxName`.
    package init(_ text: String) throws(StoreError) {
        guard text.utf8.count <= StoreLimits.mailboxNameBytes * 2 else {
            throw .invalidMailboxName("the name is too long")
        }
        var text = text.precomposedStringWithCanonicalMapping
        if text.utf8.last == UInt8(ascii: "/") { text.removeLast() }
        guard !text.isEmpty else { throw .invalidMailboxName("the name is empty") }
        guard text.utf8.count <= StoreLimits.mailboxNameBytes else {
            throw .invalidMailboxName("the name is too long")
        }
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0..<0x20, 0x7F...0x9F, 0x2028, 0x2029, 0xFFFE, 0xFFFF:
                throw .invalidMailboxName("the name has a control character")
            default: break
            }
        }
        var levels = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map {
            String(Substring($0))
        }
        guard levels.count <= StoreLimits.mailboxDepth else {
            throw .invalidMailboxName("the name has too many levels")
        }
        for level in levels {
            guard !level.isEmpty else { throw .invalidMailboxName("a level of the name is empty") }
            guard level.utf8.count <= StoreLimits.mailboxLevelBytes else {
                throw .invalidMailboxName("a level of the name is too long")
            }
        }
        if levels[0].utf8.count == 5, levels[0].uppercased() == "INBOX" { levels[0] = "INBOX" }
        path = levels.joined(separator: "/")
    }

    init(unchecked path: String) { self.path = path }

    package var description: String { path }
    package var isInbox: Bool { path == "INBOX" }
    package var levels: [Substring] { path.split(separator: Self.separator) }

    /// The name one level up; nil at the top.
    package var parent: MailboxName? {
        path.lastIndex(of: Self.separator).map { MailboxName(unchecked: String(path[..<$0])) }
    }

    /// All names above this one, the topmost first.
    package var ancestors: [MailboxName] {
        var names: [MailboxName] = []
        var next = parent
        while let name = next {
            names.append(name)
            next = name.parent
        }
        return names.reversed()
    }

    package func isBelow(_ other: MailboxName) -> Bool { path.utf8.starts(with: (other.path + "/").utf8) }

    package static func < (left: MailboxName, right: MailboxName) -> Bool { left.path < right.path }
}
