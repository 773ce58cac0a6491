// SPDX-License-Identifier: Apache-2.0

/// Which of the three doors a connection came through.
package enum SessionRole: String, Sendable, CaseIterable {
    /// Port 25: strangers bring mail for our recipients. No AUTH, no relaying.
    case exchange
    /// Port 587: our users submit mail, after STARTTLS and AUTH (RFC 6409).
    case submission
    /// Port 465: the same under TLS from the first octet (RFC 8314).
    case submissions

    package var isSubmission: Bool { self != .exchange }
}
