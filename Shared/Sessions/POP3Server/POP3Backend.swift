// SPDX-License-Identifier: Apache-2.0
import Accounts
import MailStore
import SASLMechanisms

/// What a session asks of the rooms around it.
package protocol POP3Backend: Sendable {
    /// Waits as long as the client's address must, checks, remembers a failure.
    func login(_ credentials: SASLCredentials) async -> LoginOutcome
    func store(for account: AccountID) async throws(StoreError) -> AccountStore
    /// Tells other sessions that something changed. Never waits.
    func announce(_ account: AccountID)
}
