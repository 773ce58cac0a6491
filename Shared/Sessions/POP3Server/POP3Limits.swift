// SPDX-License-Identifier: Apache-2.0

/// Every bound of a POP3 session in one place. Seconds.
package struct POP3Limits: Sendable {
    /// A client that says nothing before it logged in.
    package var loginIdle: Int64 = 60
    /// A client that says nothing (RFC 1939 section 3 wants 10 minutes at least).
    package var idle: Int64 = 10 * 60
    /// Wrong commands in a row, and refused logins in all, before the connection is closed.
    package var wrongCommands = 20
    package var refusedLogins = 5
    /// Bytes of a listing that are gathered before they are written.
    package var gathered = 64 << 10

    package init() {}
}
