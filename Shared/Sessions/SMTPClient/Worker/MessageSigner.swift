// SPDX-License-Identifier: Apache-2.0

/// Puts signatures on what leaves the house.
package protocol MessageSigner: Sendable {
    /// Header fields, each with its CRLF, to stand before the message; empty when we hold no key of its author's
    /// domain. Throws when a key cannot be read just now: the message then waits.
    func signatures(of message: [UInt8]) async throws -> [UInt8]
}
