// SPDX-License-Identifier: Apache-2.0

/// An address: `anna@example.org` (RFC 5321 section 4.1.2, RFC 5322 section 3.4.1; RFC 6531 allows UTF-8 in both
/// parts).
package struct MailAddress: Sendable, Hashable {
    /// Bytes of a local part, and of a domain.
    package static let localPartBytes = 64
    package static let domainBytes = 255

    /// As written, without the quotes of a quoted string.
    package let localPart: String
    /// Lower case; labels that are not ASCII as A-labels (`xn--…`). An address literal keeps its brackets.
    /// Empty only in `postmaster` without domain (`init(localPart:domain:)`).
    package let domain: String

    /// Takes both as they are, except that the domain is put into lower case and A-labels. `nil` for a domain that is
    /// none.
    package init?(localPart: String, domain: String) {
        guard !localPart.isEmpty, localPart.utf8.count <= Self.localPartBytes else { return nil }
        guard domain.isEmpty || domain.hasPrefix("[") else {
            guard let name = DomainName.canonical(domain) else { return nil }
            (self.localPart, self.domain) = (localPart, name)
            return
        }
        guard domain.isEmpty || Self.isLiteral(domain) else { return nil }
        (self.localPart, self.domain) = (localPart, domain.lowercased())
    }

    /// Reads `local@domain` or `"quoted local"@domain`, without angle brackets and comments. `nil` for anything else.
    package init?(parsing text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard let at = bytes.lastIndex(of: UInt8(ascii: "@")), at > 0, at + 1 < bytes.count else { return nil }
        guard let local = Self.local(bytes[..<at]) else { return nil }
        self.init(localPart: local, domain: String(decoding: bytes[(at + 1)...], as: UTF8.self))
    }

    /// `[192.0.2.1]`, `[IPv6:2001:db8::1]`: letters, digits and separators in brackets.
    private static func isLiteral(_ domain: String) -> Bool {
        domain.hasSuffix("]") && (3...domainBytes).contains(domain.utf8.count)
            && domain.utf8.dropFirst().dropLast().allSatisfy { byte in
                isAtomText(byte) && byte < 0x80 || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
            }
    }

    /// Lower-case local part at the domain: what look-ups compare.
    package var canonical: String { localPart.lowercased() + "@" + domain }

    private static func local(_ bytes: ArraySlice<UInt8>) -> String? {
        if bytes.first == UInt8(ascii: "\"") {
            guard bytes.count >= 3, bytes.last == UInt8(ascii: "\"") else { return nil }
            var content: [UInt8] = []
            var isEscaped = false
            for byte in bytes.dropFirst().dropLast() {
                guard byte >= 0x20, byte != 0x7F else { return nil }
                if isEscaped || (byte != UInt8(ascii: "\\") && byte != UInt8(ascii: "\"")) {
                    content.append(byte)
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else {
                    return nil
                }
            }
            return isEscaped ? nil : String(validating: content, as: UTF8.self)
        }
        let atoms = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard atoms.allSatisfy({ !$0.isEmpty && $0.allSatisfy(isAtomText) }) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    static func isAtomText(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...:
            true
        default: "!#$%&'*+-/=?^_`{|}~".utf8.contains(byte)
        }
    }
}

extension MailAddress: CustomStringConvertible {
    /// Quoted where it has to be.
    package var description: String {
        let atoms = localPart.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        var text = localPart
        if !atoms.allSatisfy({ !$0.isEmpty && $0.allSatisfy(Self.isAtomText) }) {
            text = "\"" + localPart.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "\""
        }
        return domain.isEmpty ? text : text + "@" + domain
    }
}
