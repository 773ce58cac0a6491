// SPDX-License-Identifier: Apache-2.0
import Accounts
import Logging
import MailStore
import SASLMechanisms
import ServiceKit

/// Runs IMAP on connections: what MailAccess assembles.
package struct IMAPService: Sendable {
    private let accounts: AccountDirectory
    private let memory = MessageMemory(limit: IMAPLimits().literalMemory)
    private let login: @Sendable (SASLCredentials, Connection) async -> LoginOutcome
    private let announce: @Sendable (AccountID) -> Void
    private let wait: @Sendable (AccountID, Int64) async -> Void

    /// - Parameters:
    ///   - login: waits as long as the client's address must, checks, remembers a failure.
    ///   - announce: tells other sessions of a change; must not wait.
    ///   - wait: returns when an account changed or after that many seconds.
    package init(
        accounts: AccountDirectory, login: @escaping @Sendable (SASLCredentials, Connection) async -> LoginOutcome,
        announce: @escaping @Sendable (AccountID) -> Void, wait: @escaping @Sendable (AccountID, Int64) async -> Void
    ) {
        self.accounts = accounts
        self.login = login
        self.announce = announce
        self.wait = wait
    }

    /// What a client over its number of connections reads.
    package static let busyLine = Array("* BYE too many connections\r\n".utf8)

    package func run(_ connection: Connection) async throws {
        let session = IMAPSession(
            transport: connection, backend: Backend(service: self, connection: connection), memory: memory,
            logger: connection.logger)
        try await session.run()
    }

    private struct Backend: IMAPBackend {
        let service: IMAPService
        let connection: Connection

        func login(_ credentials: SASLCredentials) async -> LoginOutcome {
            await service.login(credentials, connection)
        }
        func store(for account: AccountID) async throws(StoreError) -> AccountStore {
            try await service.accounts.store(for: account)
        }
        func announce(_ account: AccountID) { service.announce(account) }
        func waitForChange(of account: AccountID, seconds: Int64) async { await service.wait(account, seconds) }
    }
}
