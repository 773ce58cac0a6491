// SPDX-License-Identifier: Apache-2.0

/// Paths of an envelope, between their angle brackets.
///
///     Path           = "<" [ A-d-l ":" ] Mailbox ">"
///     A-d-l          = At-domain *( "," At-domain )         a source route: read and ignored (RFC 5321 appendix C)
///     Local-part     = Dot-string / Quoted-string
package struct PathParser {
    private let bytes: ArraySlice<UInt8>
    private var index: Int

    private init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        index = bytes.startIndex
    }

    /// Parses a path at the start of `bytes`. Nil when it is malformed or beyond a limit. `rest` is what follows `>`.
    package static func reversePath(_ bytes: ArraySlice<UInt8>) -> (path: ReversePath, rest: ArraySlice<UInt8>)? {
        if bytes.starts(with: [0x3C, 0x3E]) { return (.null, bytes.dropFirst(2)) }
        var parser = PathParser(bytes)
        guard let mailbox = parser.path() else { return nil }
        return (.mailbox(mailbox), bytes[parser.index...])
    }

    /// See `reversePath`; knows `<Postmaster>`, in any letter case.
    package static func forwardPath(_ bytes: ArraySlice<UInt8>) -> (path: ForwardPath, rest: ArraySlice<UInt8>)? {
        let name = Array("<postmaster>".utf8)
        if bytes.count >= name.count, zip(bytes, name).allSatisfy({ lower($0) == $1 }) {
            return (.postmaster, bytes.dropFirst(name.count))
        }
        var parser = PathParser(bytes)
        guard let mailbox = parser.path() else { return nil }
        return (.mailbox(mailbox), bytes[parser.index...])
    }

    /// A mailbox that takes the whole of `bytes`, without brackets.
    package static func mailbox(_ bytes: ArraySlice<UInt8>) -> SMTPMailbox? {
        var parser = PathParser(bytes)
        guard let mailbox = parser.mailbox(), parser.index == bytes.endIndex else { return nil }
        return mailbox
    }

    /// A domain name or an address literal that takes the whole of `bytes`: the argument of EHLO.
    package static func domainOrLiteral(_ bytes: ArraySlice<UInt8>) -> String? {
        var parser = PathParser(bytes)
        guard let domain = parser.domainOrLiteral(), parser.index == bytes.endIndex else { return nil }
        return domain
    }

    private mutating func path() -> SMTPMailbox? {
        guard take(0x3C) else { return nil }
        if peek == 0x40 {
            // Each route element takes at least two octets, so the line's limit bounds this loop.
            repeat {
                guard take(0x40), domain() != nil else { return nil }
            } while take(0x2C)
            guard take(0x3A) else { return nil }
        }
        guard let mailbox = mailbox(), take(0x3E) else { return nil }
        return mailbox
    }

    private mutating func mailbox() -> SMTPMailbox? {
        guard let localPart = peek == 0x22 ? quotedString() : dotString(),
            !localPart.isEmpty, localPart.utf8.count <= SMTPLimits.localPart,
            take(0x40), let domain = domainOrLiteral()
        else { return nil }
        return SMTPMailbox(localPart: localPart, domain: domain)
    }

    // Dot-string = Atom *("."  Atom)
    private mutating func dotString() -> String? {
        let start = index
        var atomStart = index
        while let byte = peek {
            if Self.isAtomText(byte) {
                index += 1
            } else if byte == 0x2E, index > atomStart {
                index += 1
                atomStart = index
            } else {
                break
            }
        }
        guard index > atomStart else { return nil }
        return Self.text(bytes[start..<index])
    }

    // Quoted-string = DQUOTE *( qtextSMTP / quoted-pairSMTP ) DQUOTE: printable ASCII, space, UTF-8
    private mutating func quotedString() -> String? {
        guard take(0x22) else { return nil }
        var content: [UInt8] = []
        while let byte = peek {
            index += 1
            switch byte {
            case 0x22: return Self.text(content[...])
            case 0x5C:
                guard let next = peek, (0x20...0x7E).contains(next) else { return nil }
                index += 1
                content.append(next)
            case 0x20...0x7E, 0x80...0xFF: content.append(byte)
            default: return nil
            }
        }
        return nil
    }

    private mutating func domainOrLiteral() -> String? {
        peek == 0x5B ? addressLiteral() : domain()
    }

    // Domain = sub-domain *("." sub-domain), with U-labels and with the underscore that hosts in the wild have
    private mutating func domain() -> String? {
        let start = index
        var labelStart = index
        while let byte = peek {
            if Self.isLabelText(byte) {
                index += 1
            } else if byte == 0x2E, Self.isLabel(bytes[labelStart..<index]) {
                index += 1
                labelStart = index
            } else {
                break
            }
        }
        guard Self.isLabel(bytes[labelStart..<index]), index - start <= SMTPLimits.domain else { return nil }
        return Self.text(bytes[start..<index])
    }

    // address-literal = "[" ( IPv4 / "IPv6:" IPv6 / General ) "]"; only the characters are checked here
    private mutating func addressLiteral() -> String? {
        let start = index
        guard take(0x5B) else { return nil }
        while let byte = peek, (0x21...0x5A).contains(byte) || (0x5E...0x7E).contains(byte) { index += 1 }
        guard index > start + 1, take(0x5D), index - start <= SMTPLimits.domain else { return nil }
        return Self.text(bytes[start..<index])
    }

    private var peek: UInt8? { index < bytes.endIndex ? bytes[index] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        index += 1
        return true
    }

    static func isAtomText(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x80...0xFF: true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "/"),
            UInt8(ascii: "="), UInt8(ascii: "?"), UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"),
            UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    private static func isLabelText(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x80...0xFF, 0x2D, 0x5F: true
        default: false
        }
    }

    private static func isLabel(_ bytes: ArraySlice<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.count <= SMTPLimits.label && bytes.first != 0x2D && bytes.last != 0x2D
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String? {
        // U+0080…U+009F are control characters too: two octets that begin with C2.
        String(validating: bytes, as: UTF8.self).flatMap { text in
            text.unicodeScalars.contains { (0x80...0x9F).contains($0.value) } ? nil : text
        }
    }

    private static func lower(_ byte: UInt8) -> UInt8 {
        (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
    }
}
