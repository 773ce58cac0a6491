// SPDX-License-Identifier: Apache-2.0
import Accounts
import Logging
import MailStore
import NIOCore
import SASLMechanisms
import ServiceKit

/// Runs IMAP on connections: what MailAccess assembles.
package struct IMAPService: Sendable {
    private let directory: Directory
    private let accounts: AccountDirectory
    private let gate: any LoginGate
    private let announce: @Sendable (AccountID) -> Void
    private let wait: @Sendable (AccountID, Int64) async -> Void
    private let limits: IMAPLimits

    /// - Parameters:
    ///   - announce: tells other sessions of a change; must not wait.
    ///   - wait: returns when an account changed or after that many seconds.
    package init(
        directory: Directory, accounts: AccountDirectory, gate: any LoginGate, limits: IMAPLimits = IMAPLimits(),
        announce: @escaping @Sendable (AccountID) -> Void, wait: @escaping @Sendable (AccountID, Int64) async -> Void
    ) {
        self.directory = directory
        self.accounts = accounts
        self.gate = gate
        self.announce = announce
        self.wait = wait
        self.limits = limits
    }

    /// What a client over its number of connections reads.
    package static let busyLine = Array("* BYE too many connections\r\n".utf8)

    package func run(_ connection: Connection) async throws {
        let backend = ServiceBackend(service: self, address: connection.peer.ip.description, logger: connection.logger)
        let session = IMAPSession(transport: ConnectionTransport(connection: connection), backend: backend, limits: limits, logger: connection.logger)
        try await session.run()
    }

    private struct ServiceBackend: IMAPBackend {
        let service: IMAPService
        let address: String
        let logger: Logger

        func login(_ credentials: SASLCredentials) async -> LoginOutcome {
            await service.gate.pass(address: address)
            guard !credentials.asksForAnotherIdentity else { return .wrong }
            let password = credentials.password.withBytes { SecretBytes($0) }
            do {
                guard let identity = try await service.directory.authenticate(login: credentials.login, password: password) else {
                    logger.notice("login failed")
                    await service.gate.failed(address: address)
                    return .wrong
                }
                logger.info("login", metadata: ["account": "\(identity.id)"])
                return .account(identity.id)
            } catch {
                logger.error("login could not be checked", metadata: ["error": "\(error)"])
                return .tryLater
            }
        }

        func store(for account: AccountID) async throws(StoreError) -> AccountStore { try await service.accounts.store(for: account) }
        func announce(_ account: AccountID) { service.announce(account) }
        func waitForChange(of account: AccountID, seconds: Int64) async { await service.wait(account, seconds) }
    }

    private struct ConnectionTransport: IMAPTransport {
        let connection: Connection
        var isTLS: Bool { connection.isTLS }
        var canStartTLS: Bool { connection.canStartTLS }

        func read(seconds: Int64) async throws -> [UInt8]? {
            do {
                guard let bytes = try await connection.read(within: .seconds(seconds)) else { return nil }
                return Array(bytes.readableBytesView)
            } catch ConnectionError.timedOut {
                throw IMAPEnd.timedOut
            } catch ConnectionError.draining {
                throw IMAPEnd.draining
            }
        }

        func write(_ bytes: [UInt8]) async throws { try await connection.write(bytes) }
        func startTLS(reply: [UInt8]) async throws { try await connection.startTLS(reply: reply) }
    }
}
