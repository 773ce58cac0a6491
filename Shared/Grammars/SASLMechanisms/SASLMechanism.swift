// SPDX-License-Identifier: Apache-2.0

/// The mechanisms we speak. Both send the password in clear: offer them under TLS only.
package enum SASLMechanism: String, CaseIterable, Sendable {
    /// RFC 4616.
    case plain = "PLAIN"
    /// draft-murchison-sasl-login: obsolete, and still what Outlook and many devices use.
    case login = "LOGIN"

    /// Finds a mechanism by name; letter case does not matter. Nil when we do not speak it.
    package init?(name: some Collection<UInt8>) {
        let upper = name.map { (0x61...0x7A).contains($0) ? $0 - 0x20 : $0 }
        guard let match = Self.allCases.first(where: { Array($0.rawValue.utf8) == upper }) else { return nil }
        self = match
    }
}
