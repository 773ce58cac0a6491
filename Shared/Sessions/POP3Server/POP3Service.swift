// SPDX-License-Identifier: Apache-2.0
import Accounts
import Logging
import MailStore
import SASLMechanisms
import ServiceKit

/// Runs POP3 on connections: what MailAccess assembles.
package struct POP3Service: Sendable {
    private let accounts: AccountDirectory
    private let login: @Sendable (SASLCredentials, Connection) async -> LoginOutcome
    private let announce: @Sendable (AccountID) -> Void

    /// - Parameters:
    ///   - login: waits as long as the client's address must, checks, remembers a failure.
    ///   - announce: tells other sessions of a change; must not wait.
    package init(
        accounts: AccountDirectory, login: @escaping @Sendable (SASLCredentials, Connection) async -> LoginOutcome,
        announce: @escaping @Sendable (AccountID) -> Void
    ) {
        self.accounts = accounts
        self.login = login
        self.announce = announce
    }

    /// What a client over its number of connections reads (RFC 3206).
    package static let busyLine = Array("-ERR [SYS/TEMP] too many connections\r\n".utf8)

    package func run(_ connection: Connection) async throws {
        let session = POP3Session(
            transport: connection, backend: Backend(service: self, connection: connection), logger: connection.logger)
        try await session.run()
    }

    private struct Backend: POP3Backend {
        let service: POP3Service
        let connection: Connection

        func login(_ credentials: SASLCredentials) async -> LoginOutcome {
            await service.login(credentials, connection)
        }
        func store(for account: AccountID) async throws(StoreError) -> AccountStore {
            try await service.accounts.store(for: account)
        }
        func announce(_ account: AccountID) { service.announce(account) }
    }
}
