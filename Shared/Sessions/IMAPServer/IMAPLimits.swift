// SPDX-License-Identifier: Apache-2.0

/// Every bound of an IMAP session in one place. Seconds and bytes.
package struct IMAPLimits: Sendable {
    /// A client that says nothing before it logged in.
    package var loginIdle: Int64 = 60
    /// A client that says nothing (RFC 9051 section 5.4 wants 30 minutes at least).
    package var idle: Int64 = 30 * 60
    /// How long IDLE waits at most before it looks at the store by itself.
    package var idleLook: Int64 = 60
    /// Wrong commands in a row before BYE.
    package var wrongCommands = 20
    /// Literals before login.
    package var literalBeforeLogin = 4_096
    /// Literals that are no message.
    package var literal = 256 << 10
    /// A message in APPEND.
    package var message = 64 << 20
    /// Literals of one command that need no room in `literalMemory`.
    package var freeLiterals = 64 << 10
    /// Larger literals that this process holds at once, those of all sessions together.
    package var literalMemory = 96 << 20
    /// How long a literal waits for that room before it is refused.
    package var literalWait: Int64 = 20
    /// A client that says nothing in the middle of such a literal: it has room that others may wait for.
    package var literalIdle: Int64 = 5 * 60
    /// Messages whose metadata is read at once for FETCH.
    package var fetchBatch = 200

    package init() {}
}
