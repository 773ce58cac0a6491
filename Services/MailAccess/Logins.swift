// SPDX-License-Identifier: Apache-2.0
import Accounts
import RedisStreams
import SASLMechanisms
import ServiceKit

/// Checks logins of every protocol here. Failed ones are counted in Redis across services; by this process alone while
/// Redis is away.
struct Logins: Sendable {
    let directory: Directory
    let failed: FailedLogins

    func check(_ credentials: SASLCredentials, _ connection: Connection) async -> LoginOutcome {
        let address = connection.peer.ip.description
        await failed.pass(address: address)
        guard !credentials.asksForAnotherIdentity else { return .wrong }
        let password = credentials.password.withBytes { SecretBytes($0) }
        do {
            guard let identity = try await directory.authenticate(login: credentials.login, password: password) else {
                connection.logger.notice("login failed")
                await failed.failed(address: address)
                return .wrong
            }
            connection.logger.info("login", metadata: ["account": "\(identity.id)"])
            return .account(identity.id)
        } catch {
            connection.logger.error("login could not be checked", metadata: ["error": "\(error)"])
            return .tryLater
        }
    }
}
