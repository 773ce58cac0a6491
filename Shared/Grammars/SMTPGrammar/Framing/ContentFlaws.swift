// SPDX-License-Identifier: Apache-2.0

/// What makes a message unacceptable by its bytes alone. The reader goes on to the true end of the message, so that the
/// stream stays in step, and says at the end what it saw; the session then answers 5xx.
///
/// Bare line ends are refused and never mended: servers that disagree about them are how SMTP smuggling works.
package struct ContentFlaws: OptionSet, Equatable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// A LF that no CR precedes (RFC 5321 section 2.3.8).
    package static let bareLF = ContentFlaws(rawValue: 1)
    /// A CR that no LF follows.
    package static let bareCR = ContentFlaws(rawValue: 2)
    /// A NUL octet (RFC 5322 section 4).
    package static let nul = ContentFlaws(rawValue: 4)
    /// More octets than the session allows, counted after dot-unstuffing.
    package static let tooLarge = ContentFlaws(rawValue: 8)
}

/// Finds flaws in content that comes in pieces (BDAT); the pieces pass through unchanged.
package struct ContentScanner: Sendable {
    private var afterCR = false

    package private(set) var flaws: ContentFlaws = []

    package init() {}

    package mutating func scan(_ bytes: some Sequence<UInt8>) {
        for byte in bytes {
            if afterCR {
                afterCR = false
                if byte == 0x0A { continue }
                flaws.insert(.bareCR)
            }
            switch byte {
            case 0x0D: afterCR = true
            case 0x0A: flaws.insert(.bareLF)
            case 0x00: flaws.insert(.nul)
            default: break
            }
        }
    }

    /// The message is over: a CR at its very end is a bare one.
    package mutating func finish() {
        if afterCR { flaws.insert(.bareCR) }
        afterCR = false
    }
}
