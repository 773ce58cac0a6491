// SPDX-License-Identifier: Apache-2.0
import Accounts
import AdminSite
import BackupJobs
import DNSClient
import DomainRecords
import Foundation
import Logging
import Logins
import MailStore
import OutgoingQueue
import RedisStreams
import ServiceKit
import ServiceLifecycle
import WebServer

/// The administration pages, everybody's own account, and what mail programs ask for their settings. Assembly only.
@main
struct Entry {
    static func main() async {
        await ServiceMain.run(
            name: "web-admin", about: "the pages for administrators and users, and settings for mail programs",
            settings: AdminOptions.all, assemble: assemble)
    }

    private static func assemble(
        _ reader: inout SettingReader, _ configuration: ServiceConfiguration, _ logger: Logger
    ) async throws -> ServiceMain.Assembly {
        guard let options = AdminOptions(&reader, configuration), reader.mistakes.isEmpty else {
            return ServiceMain.Assembly(services: [], checks: [])
        }
        let keys = try PurposeKeys(folder: configuration.keys, only: [.configuration, .accounts, .spool, .signing])
        let directory = try Directory(dataFolder: configuration.data, keys: keys)
        let accounts = AccountDirectory(
            root: configuration.data + "/accounts", limit: 8, quota: { try await directory.quota(of: $0) },
            arrivals: { try await directory.arrivals(of: $0) },
            keys: { try directory.fileKey(of: $0) })
        let redis = RedisClient(
            host: configuration.redisHost, port: configuration.redisPort, password: configuration.redisPassword,
            logger: logger)
        let (remote, local) = (WorkStream(client: redis, kind: .remote), WorkStream(client: redis, kind: .local))
        let queue = OutgoingQueue(
            database: try StoreFile.spool.open(
                in: configuration.data, keys: keys, migrations: OutgoingQueue.migrations),
            wake: { kind in
                switch kind {
                case .remote: remote.add()
                case .local: local.add()
                }
            })
        let counters = Counters(client: redis, hash: KeyedHash(secret: configuration.redisPassword))
        let logins = Logins(directory: directory, counters: counters)
        let resolver = try UnboundResolver(
            UnboundConfiguration(forward: configuration.dnsForward, anchorFile: configuration.dnsAnchorFile))
        let certificate = configuration.certificate
        let site = try AdminSite(
            backend: AdminBackend(
                directory: directory, accounts: accounts, queue: queue,
                resolver: resolver,
                backups: configuration.redisHost == nil ? nil : BackupJobs(client: redis, logger: logger),
                login: { await logins.check($0, from: $1.ip.description, appPasswords: false, logger: $2) },
                certificateKey: { certificate.flatMap { try? TLSCertificates.publicKey(ofFile: $0) } }),
            settings: options.settings)
        let server = WebServer(
            configuration: configuration,
            listeners: [Listener(name: "admin", port: options.port, security: .implicit)],
            certificates: try configuration.certificates(logger: logger), logger: logger, responder: site)
        let checks = [
            ReadinessCheck("directory", attempt: { _ = try await directory.domains() }),
            ReadinessCheck("spool", attempt: { _ = try await queue.depth() }),
            ReadinessCheck("redis", isNeeded: false, problem: { await redis.problem() }),
        ]
        return ServiceMain.Assembly(services: [redis, server], checks: checks)
    }
}
