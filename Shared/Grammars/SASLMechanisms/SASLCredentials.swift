// SPDX-License-Identifier: Apache-2.0

/// What a client claims: a login name and a password, as PLAIN and LOGIN carry them. Nothing in here is checked.
package struct SASLCredentials: Sendable {
    /// The identity to act as; empty when the client leaves it to the server (RFC 4616 section 2). LOGIN has none.
    package let authorizationIdentity: String
    /// The login name, as sent: not normalized. Never empty.
    package let login: String
    /// Never empty, valid UTF-8.
    package let password: Secret

    package init(authorizationIdentity: String = "", login: String, password: Secret) {
        self.authorizationIdentity = authorizationIdentity
        self.login = login
        self.password = password
    }

    /// Whether the client asks to act as somebody else than it logs in as. We know no such right: refuse it.
    package var asksForAnotherIdentity: Bool {
        !authorizationIdentity.isEmpty && authorizationIdentity != login
    }
}

/// Why an exchange ended without credentials.
package enum SASLFailure: Error, Equatable, Sendable {
    /// The client sent `*` (SMTP 501 5.7.0, IMAP BAD, POP3 -ERR).
    case cancelled
    /// Not base64, or not the mechanism's syntax (SMTP 501 5.5.2).
    case malformed
    /// A response beyond ``SASLLimits`` (SMTP 500 5.5.6).
    case tooLong
}

package enum SASLLimits {
    /// Octets of a login name or an authorization identity.
    package static let login = 320
    /// Octets of a password.
    package static let password = 1_024
    /// Octets of one base64 response line, without its line end: room for the largest PLAIN response.
    package static let response = (login * 2 + password + 2 + 2) / 3 * 4
}
