// SPDX-License-Identifier: Apache-2.0

/// `Local-part "@" ( Domain / address-literal )` (RFC 5321 section 4.1.2, RFC 6531 section 3.3), its quoting resolved.
package struct SMTPMailbox: Hashable, Sendable {
    /// Without quotes and backslashes; letter case as sent.
    package let localPart: String
    /// As sent, without a change of case; an address literal keeps its brackets: `[192.0.2.1]`, `[IPv6:2001:db8::1]`.
    package let domain: String

    /// No checks: for values that come from the parser or from checked addresses.
    package init(localPart: String, domain: String) {
        self.localPart = localPart
        self.domain = domain
    }

    package var isAddressLiteral: Bool { domain.hasPrefix("[") }

    /// Whether sending it needs SMTPUTF8 (RFC 6531).
    package var isInternationalized: Bool {
        !localPart.utf8.allSatisfy { $0 < 0x80 } || !domain.utf8.allSatisfy { $0 < 0x80 }
    }

    /// The wire form, quoted where it must be.
    package var text: String {
        Self.isDotString(localPart) ? "\(localPart)@\(domain)" : "\(Self.quoted(localPart))@\(domain)"
    }

    private static func isDotString(_ text: String) -> Bool {
        text.utf8.split(separator: 0x2E, omittingEmptySubsequences: false).allSatisfy { atom in
            !atom.isEmpty && atom.allSatisfy(PathParser.isAtomText)
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { result.unicodeScalars.append("\\") }
            result.unicodeScalars.append(scalar)
        }
        return result + "\""
    }
}

/// The sender of an envelope: `MAIL FROM:<>` or `MAIL FROM:<anna@example.org>`.
package enum ReversePath: Hashable, Sendable {
    /// A bounce or another message that nobody must answer (RFC 5321 section 4.5.5).
    case null
    case mailbox(SMTPMailbox)

    /// Without angle brackets; empty for the null path.
    package var text: String {
        switch self {
        case .null: ""
        case .mailbox(let mailbox): mailbox.text
        }
    }
}

/// A recipient of an envelope: `RCPT TO:<bob@example.org>` or `RCPT TO:<Postmaster>` (RFC 5321 section 4.1.1.3).
package enum ForwardPath: Hashable, Sendable {
    /// Without a domain: this server's own postmaster.
    case postmaster
    case mailbox(SMTPMailbox)

    package var text: String {
        switch self {
        case .postmaster: "Postmaster"
        case .mailbox(let mailbox): mailbox.text
        }
    }
}
