// SPDX-License-Identifier: Apache-2.0
import Accounts
import Logging
import Metrics
import RedisStreams
import SASLMechanisms

/// Checks the logins of every protocol, and slows down who guesses.
package struct Logins: Sendable {
    private let directory: Directory
    private let failed: FailedLogins

    /// `counters`: shared by all services. While Redis is away, this process counts alone.
    package init(directory: Directory, counters: Counters) {
        self.directory = directory
        failed = FailedLogins(counters: counters)
    }

    /// May take long: a guesser's login waits, and an Argon2id run costs tens of milliseconds.
    ///
    /// A zero-access account is open in this process for as long as the outcome's hold lives.
    /// - Parameters:
    ///   - address: the client's, in text form without brackets.
    ///   - appPasswords: whether they count; not where passwords and keys are managed.
    ///   - logger: with the connection's id.
    package func check(
        _ credentials: SASLCredentials, from address: String, appPasswords: Bool = true, logger: Logger
    ) async -> LoginOutcome {
        guard !credentials.asksForAnotherIdentity else { return .wrong }
        let client = FailedLogins.Client(address: address, login: credentials.login)
        await failed.pass(client)
        let password = credentials.password.withBytes { SecretBytes($0) }
        do {
            let identity = try await directory.authenticate(
                login: credentials.login, password: password, appPasswords: appPasswords)
            guard let identity else {
                logger.notice("login failed")
                await failed.failed(client)
                count("failed")
                return .wrong
            }
            // DAV clients log in with each request: one line in some minutes says it.
            logger.log(
                level: identity.isRemembered ? .debug : .info, "login", metadata: ["account": "\(identity.id)"])
            await failed.succeeded(client)
            count("ok")
            return .account(identity.id, hold: identity.hold)
        } catch {
            logger.error("login could not be checked", metadata: ["error": "\(error)"])
            count("unchecked")
            return .tryLater
        }
    }

    private func count(_ result: String) {
        Counter(label: "mailkeep_logins_total", dimensions: [("result", result)]).increment()
    }
}
