// SPDX-License-Identifier: Apache-2.0
import Accounts
import MailStore
import SASLMechanisms

/// What a session asks of the rooms around it.
package protocol IMAPBackend: Sendable {
    /// Waits as long as the client's address must, checks, remembers a failure.
    func login(_ credentials: SASLCredentials) async -> LoginOutcome
    func store(for account: AccountID) async throws(StoreError) -> AccountStore
    /// Tells other sessions that something changed. Never waits.
    func announce(_ account: AccountID)
    /// Returns when the account changed, or after that many seconds.
    func waitForChange(of account: AccountID, seconds: Int64) async
}

package enum LoginOutcome: Sendable {
    case account(AccountID)
    case wrong
    /// Cannot be found out just now.
    case tryLater
}

/// Bytes in and out: a `ServiceKit.Connection`, or a test.
package protocol IMAPTransport: Sendable {
    var isTLS: Bool { get }
    var canStartTLS: Bool { get }
    /// `nil` at the end. Throws `IMAPEnd.timedOut` and `.draining`.
    func read(seconds: Int64) async throws -> [UInt8]?
    func write(_ bytes: [UInt8]) async throws
    func startTLS(reply: [UInt8]) async throws
}

package enum IMAPEnd: Error { case timedOut, draining }
