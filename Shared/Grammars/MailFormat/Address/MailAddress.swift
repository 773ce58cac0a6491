// SPDX-License-Identifier: Apache-2.0

/// `local-part@domain` (RFC 5321 section 4.1.2, RFC 6531): the local part without quoting, the domain as A-labels in lower
/// case or an address literal in brackets.
package struct MailAddress: Hashable, Sendable, CustomStringConvertible, Codable {
    package let localPart: String
    package let domain: String

    /// Octets of a local part. RFC 5321 says 64; senders of generated addresses go past it.
    package static let localPartLimit = 255

    /// `nil` for anything but one address without display name or comments.
    package init?(parsing text: some StringProtocol) {
        let scalars = Array(text.unicodeScalars)
        guard scalars.count <= 1_024 else { return nil }
        var local = "", position = 0
        if scalars.first == "\"" {
            position = 1
            while position < scalars.count, scalars[position] != "\"" {
                if scalars[position] == "\\" { position += 1 }
                guard position < scalars.count, Self.isQuotable(scalars[position]) else { return nil }
                local.unicodeScalars.append(scalars[position])
                position += 1
            }
            position += 1
        } else {
            while position < scalars.count, scalars[position] != "@" {
                guard Self.isAtom(scalars[position]) || scalars[position] == "." else { return nil }
                local.unicodeScalars.append(scalars[position])
                position += 1
            }
            guard !local.hasPrefix("."), !local.hasSuffix("."), !local.contains("..") else { return nil }
        }
        guard position < scalars.count, scalars[position] == "@", !local.isEmpty else { return nil }
        var domain = String.UnicodeScalarView()
        domain.append(contentsOf: scalars[(position + 1)...])
        self.init(localPart: local, domain: String(domain))
    }

    /// The parts as they are; `nil` when the domain is none.
    package init?(localPart: String, domain: String) {
        guard !localPart.isEmpty, localPart.utf8.count <= Self.localPartLimit,
            localPart.unicodeScalars.allSatisfy(Self.isQuotable), let domain = DomainName.canonical(domain)
        else { return nil }
        self.localPart = localPart
        self.domain = domain
    }

    /// With the local part quoted where it must be.
    package var description: String {
        let plain =
            localPart.unicodeScalars.allSatisfy { Self.isAtom($0) || $0 == "." } && !localPart.hasPrefix(".")
            && !localPart.hasSuffix(".") && !localPart.contains("..")
        if plain { return "\(localPart)@\(domain)" }
        let escaped = localPart.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] }
        return "\"\(String(escaped))\"@\(domain)"
    }

    /// For look-up: the local part in lower case.
    package var canonical: String { "\(localPart.lowercased())@\(domain)" }

    /// Whether it needs SMTPUTF8 on the way.
    package var isInternational: Bool { !localPart.utf8.allSatisfy { $0 < 0x80 } }

    static func isAtom(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x80...: !(0x80...0x9F).contains(scalar.value)
        default: "!#$%&'*+-/=?^_`{|}~".unicodeScalars.contains(scalar)
        }
    }

    private static func isQuotable(_ scalar: Unicode.Scalar) -> Bool {
        (0x20...0x7E).contains(scalar.value) || scalar.value > 0x9F
    }
}
