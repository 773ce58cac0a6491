// SPDX-License-Identifier: Apache-2.0

/// Every bound of an SMTP session, with its answer. Bounds of lines and addresses are the grammar's
/// (`SMTPGrammar.SMTPLimits`); connections per address (100) are the listener's (`ServiceKit`); failed logins are
/// slowed down by `Logins.FailedLogins`.
package struct SessionLimits: Sendable {
    /// Octets of one message, as offered in SIZE: 64 MiB. 552 5.3.4
    package var messageSize = 67_108_864
    /// Octets of all messages that this process holds at once: 192 MiB. 452 4.3.1
    package var messageMemory = 201_326_592
    /// Recipients of one message. 452 4.5.3
    package var recipients = 100
    /// Messages on one connection. 421 4.7.0
    package var messages = 10_000
    /// Refused commands, logins and messages on one connection. 421 4.7.0
    package var errors = 20
    /// Seconds without any octet from the client (RFC 5321 section 4.5.3.2.7 asks for 5 minutes). 421 4.4.2
    package var idle = 300
    /// Seconds of a connection altogether. 421 4.4.2
    package var total = 3_600

    package init() {}
}
