// SPDX-License-Identifier: Apache-2.0

/// Bounds of the grammar, in octets. Bounds of a session (recipients, errors, times) are in `SMTPServer.SessionLimits`.
package enum SMTPLimits {
    /// A command line without its CRLF: the 512 of RFC 5321 section 4.5.3.1.4, with room for every extension's
    /// parameters (SIZE 26, BODY 17, SMTPUTF8 10, AUTH 500) and for long UTF-8 addresses.
    package static let commandLine = 2_048
    /// An AUTH line, or a line of its exchange, without its CRLF (RFC 4954 section 4: 12,288).
    package static let authenticationLine = 12_288
    /// A local part. RFC 5321 says 64; bounce addresses of real mailing systems are longer.
    package static let localPart = 255
    /// A domain or address literal (RFC 5321 section 4.5.3.1.2).
    package static let domain = 255
    /// A label of a domain, in octets of its UTF-8 form.
    package static let label = 63
    /// A line of a reply, without its line end (RFC 5321 says 512; some servers explain at length).
    package static let replyLine = 4_096
    /// Lines of one reply.
    package static let replyLines = 128
    /// Digits in a SIZE or BDAT number (RFC 1870 section 3: 20, which may not fit; we stop at what always fits).
    package static let sizeDigits = 18
}
