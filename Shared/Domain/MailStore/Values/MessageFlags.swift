// SPDX-License-Identifier: Apache-2.0

/// The system flags that are kept (RFC 9051 section 2.3.2). `\Recent` is not one of them: see
/// `MailboxSnapshot.firstRecentUID`.
package struct SystemFlags: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let seen = SystemFlags(rawValue: 1)
    package static let answered = SystemFlags(rawValue: 2)
    package static let flagged = SystemFlags(rawValue: 4)
    package static let deleted = SystemFlags(rawValue: 8)
    package static let draft = SystemFlags(rawValue: 16)
}

/// The flags of a message: system flags and keywords (`$Forwarded`, `$label1`, …).
///
/// Keywords compare without case and keep the spelling of their first use in the mailbox.
package struct MessageFlags: Sendable, Hashable {
    package var system: SystemFlags
    package var keywords: Set<String>

    package init(_ system: SystemFlags = [], keywords: Set<String> = []) {
        self.system = system
        self.keywords = keywords
    }
}

/// Which keyword each bit of a mailbox's packed flags means.
///
/// Packed flags are one `UInt64`: the low 8 bits are `SystemFlags`, bit 8 + n is keyword n of the mailbox. A table is
/// valid for the snapshot or the changes that it came with.
package struct KeywordTable: Sendable, Equatable {
    package static let capacity = 54
    static let firstBit = 8

    /// By bit, counted from `firstBit`; nil where a bit is free.
    private(set) var names: [String?]

    init(names: [String?] = []) { self.names = names }

    /// The mailbox's keywords: for FLAGS and PERMANENTFLAGS.
    package var all: [String] { names.compactMap { $0 } }

    package func flags(_ packed: UInt64) -> MessageFlags {
        MessageFlags(
            SystemFlags(rawValue: UInt8(truncatingIfNeeded: packed)),
            keywords: packed >> Self.firstBit == 0 ? [] : Set(keywords(packed)))
    }

    /// The keywords set in `packed`, in the order of the table.
    package func keywords(_ packed: UInt64) -> [String] {
        var bits = packed >> Self.firstBit
        var found: [String] = []
        while bits != 0 {
            let index = bits.trailingZeroBitCount
            if index < names.count, let name = names[index] { found.append(name) }
            bits &= bits - 1
        }
        return found
    }

    /// The bit of a keyword, compared without case.
    package func bit(of keyword: String) -> UInt64? {
        let wanted = keyword.lowercased()
        guard let index = names.firstIndex(where: { $0?.lowercased() == wanted }) else { return nil }
        return 1 << UInt64(index + Self.firstBit)
    }

    mutating func set(_ name: String?, at index: Int) {
        while names.count <= index { names.append(nil) }
        names[index] = name
    }
}

/// What STORE does to flags.
package enum FlagChange: Sendable, Equatable {
    case replace(MessageFlags)
    case add(MessageFlags)
    case remove(MessageFlags)
}
