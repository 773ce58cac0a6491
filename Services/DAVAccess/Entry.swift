// SPDX-License-Identifier: Apache-2.0
import Accounts
import DAVServer
import Filing
import Logging
import Logins
import MailStore
import RedisStreams
import ServiceKit
import ServiceLifecycle
import WebServer

/// Gives users their calendars and contacts: CalDAV and CardDAV. Assembly only.
@main
struct Entry {
    static let port = Setting("dav.port", "port for CalDAV and CardDAV under TLS", fallback: "off")

    static func main() async {
        await ServiceMain.run(
            name: "dav-access", about: "gives users their calendars and contacts by CalDAV and CardDAV",
            settings: [port], assemble: assemble)
    }

    private static func assemble(
        _ reader: inout SettingReader, _ configuration: ServiceConfiguration, _ logger: Logger
    ) async throws -> ServiceMain.Assembly {
        guard let port = reader.port(port) else {
            reader.wrong(Self.port, "no port: set it")
            return ServiceMain.Assembly(services: [], checks: [])
        }
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
        let site = DAVSite(
            accounts: accounts,
            login: { await logins.check($0, from: $1.peer.ip.description, logger: $1.logger) },
            announce: { announcements.announce(account: $0.description) })
        let server = WebServer(
            configuration: configuration, listeners: [Listener(name: "dav", port: port, security: .implicit)],
            certificates: try configuration.certificates(logger: logger), logger: logger, responder: site)
        let checks = [
            ReadinessCheck("directory", attempt: { _ = try await directory.domains() }),
            ReadinessCheck("redis", isNeeded: false, problem: { await redis.problem() }),
        ]
        return ServiceMain.Assembly(
            services: [redis, announcements, AccountClosing(directory: directory, accounts: accounts), server],
            checks: checks)
    }
}
