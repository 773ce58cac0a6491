// SPDX-License-Identifier: Apache-2.0
import Accounts
import Filing
import IMAPServer
import Logging
import Logins
import MailStore
import POP3Server
import RedisStreams
import SASLMechanisms
import ServiceKit
import ServiceLifecycle

/// Gives users their mail: IMAP and POP3. Assembly only.
@main
struct Entry {
    static let imapPort = Setting("imap.port", "port for IMAP with STARTTLS", fallback: "off")
    static let imapsPort = Setting("imaps.port", "port for IMAP under TLS", fallback: "off")
    static let pop3Port = Setting("pop3.port", "port for POP3 with STLS", fallback: "off")
    static let pop3sPort = Setting("pop3s.port", "port for POP3 under TLS", fallback: "off")

    static func main() async {
        await ServiceMain.run(
            name: "mail-access", about: "gives users their mail by IMAP and POP3",
            settings: [imapPort, imapsPort, pop3Port, pop3sPort], assemble: assemble)
    }

    private static func assemble(
        _ reader: inout SettingReader, _ configuration: ServiceConfiguration, _ logger: Logger
    ) async throws -> ServiceMain.Assembly {
        var listeners: [Listener] = []
        for (name, setting, security) in [
            ("imap", imapPort, Listener.Security.startTLS), ("imaps", imapsPort, .implicit),
            ("pop3", pop3Port, .startTLS), ("pop3s", pop3sPort, .implicit),
        ] {
            if let port = reader.port(setting) {
                listeners.append(Listener(name: name, port: port, security: security))
            }
        }
        if listeners.isEmpty { reader.wrong(imapsPort, "no port at all: set at least one") }
        guard reader.mistakes.isEmpty else { return ServiceMain.Assembly(services: [], checks: []) }

        let keys = try PurposeKeys(folder: configuration.keys, only: [.configuration, .accounts])
        let directory = try Directory(dataFolder: configuration.data, keys: keys)
        let accounts = AccountDirectory(
            root: configuration.data + "/accounts", quota: { try await directory.quota(of: $0) },
            arrivals: { try await directory.arrivals(of: $0) }, keys: { try directory.fileKey(of: $0) })
        let redis = RedisClient(
            host: configuration.redisHost, port: configuration.redisPort, password: configuration.redisPassword,
            logger: logger)
        let announcements = Announcements(client: redis)
        let counters = Counters(client: redis, hash: KeyedHash(secret: configuration.redisPassword))
        let logins = Logins(directory: directory, counters: counters)
        let filing = ArrivalFiling(
            directory: directory, accounts: accounts, changes: { announcements.changes(of: $0.description) },
            announce: { announcements.announce(account: $0.description) }, logger: logger)
        let check = { @Sendable (credentials: SASLCredentials, connection: Connection) in
            let outcome = await logins.check(
                credentials, from: connection.peer.ip.description, logger: connection.logger)
            if case .account(let account, .some) = outcome { await filing.attend(account) }
            return outcome
        }
        let imap = IMAPService(
            accounts: accounts, login: check,
            announce: { announcements.announce(account: $0.description) },
            wait: { await announcements.wait(for: $0, seconds: $1) })
        let pop3 = POP3Service(
            accounts: accounts, login: check,
            announce: { announcements.announce(account: $0.description) })
        let server = ConnectionServer(
            configuration: configuration, listeners: listeners,
            certificates: try configuration.certificates(logger: logger), logger: logger,
            busyLine: { $0.hasPrefix("pop3") ? POP3Service.busyLine : IMAPService.busyLine }
        ) { connection in
            if connection.listener.hasPrefix("pop3") {
                try await pop3.run(connection)
            } else {
                try await imap.run(connection)
            }
        }
        let checks = [
            ReadinessCheck("directory", attempt: { _ = try await directory.domains() }),
            ReadinessCheck("redis", isNeeded: false, problem: { await redis.problem() }),
        ]
        return ServiceMain.Assembly(
            services: [
                redis, announcements, AccountClosing(directory: directory, accounts: accounts), filing,
                TextIndexing(accounts), Upkeep(directory: directory, accounts: accounts), server,
            ], checks: checks)
    }
}

/// Each hour: frees the bytes of expunged messages whose grace is over, forgets keys of files that were replaced, removes
/// what programs that were killed left half made.
struct Upkeep: Service {
    let directory: Directory
    let accounts: AccountDirectory

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                try await Task.sleep(for: .seconds(3_600))
                await accounts.tidy((try? await directory.accounts().map(\.id)) ?? [])
                _ = try? await directory.forgetRetired()
                await directory.clearCutRekeyings()
                if let named = try? await directory.namedFiles() { accounts.removeLeavings(named: named) }
            }
        }
    }
}

extension Announcements {
    /// Returns when the account changed, or after that many seconds.
    func wait(for account: AccountID, seconds: Int64) async {
        let changes = changes(of: account.description)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in changes { return } }
            group.addTask { try? await Task.sleep(for: .seconds(seconds)) }
            await group.next()
            group.cancelAll()
        }
    }
}
