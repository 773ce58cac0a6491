// SPDX-License-Identifier: Apache-2.0

import Accounts
import DNSClient
import Foundation
import Logging
import MailAuthentication
import MailFlow
import MailStore
import OutgoingQueue
import RedisStreams
import SMTPServer
import ServiceKit

/// What the service opens: config.db, spool.db, the door to the accounts.
struct Rooms: Sendable {
    let directory: Directory
    let accounts: AccountDirectory
    let queue: OutgoingQueue
    let gate: any LoginGate
    let redis: RedisClient
    private let announcements: Announcements
    private let resolver: UnboundResolver
    private let usesRedis: Bool
    private let data: String

    /// Throws when a key or a file is missing: the service does not start without its store.
    init(_ configuration: ServiceConfiguration, _ logger: Logger) throws {
        usesRedis = configuration.redisHost != nil
        let redis = RedisClient(
            configuration.redisHost.map {
                RedisServerAddress(host: $0, port: configuration.redisPort, password: configuration.redisPassword)
            }, logger: logger)
        let remote = WorkStream(client: redis, kind: "remote")
        self.redis = redis
        announcements = Announcements(client: redis)
        let counters = Counters(client: redis, hash: KeyedHash(secret: configuration.redisPassword))
        gate = SharedLoginGate(logins: FailedLogins(counters: counters))
        let keys = try PurposeKeys(folder: configuration.keys, only: [.configuration, .accounts, .spool])
        let directory = try Directory(dataFolder: configuration.data, keys: keys)
        self.directory = directory
        data = configuration.data
        var limits = StoreLimits()
        // A message of the largest size must fit with our trace lines on top.
        limits.messageBytes = QueueLimits.messageBytes
        accounts = AccountDirectory(root: configuration.data + "/accounts", limits: limits) {
            try directory.fileKey(of: $0)
        }
        queue = OutgoingQueue(
            database: try StoreFile.spool.open(
                in: configuration.data, keys: keys, migrations: OutgoingQueue.migrations),
            wake: { if $0 == .remote { remote.add() } })
        resolver = try UnboundResolver(
            UnboundConfiguration(forward: configuration.dnsForward, anchorFile: configuration.dnsAnchorFile))
    }

    func flow(hostname: String, logger: Logger) -> AcceptMessage {
        AcceptMessage(
            hostname: hostname, directory: directory, drop: accounts, queue: queue,
            judge: MessageAuthenticator(hostname: hostname, resolver: resolver),
            announcer: RedisAnnouncer(announcements: announcements), logger: logger, now: MailDate.now)
    }

    func deliveries(hostname: String, logger: Logger) -> LocalDeliveries {
        LocalDeliveries(
            hostname: hostname, directory: directory, drop: accounts, queue: queue,
            announcer: RedisAnnouncer(announcements: announcements), logger: logger, now: MailDate.now)
    }

    func certificates(_ configuration: ServiceConfiguration, _ logger: Logger) throws -> TLSCertificates? {
        guard let certificate = configuration.certificate, let key = configuration.certificateKey else { return nil }
        return try TLSCertificates(certificate: certificate, key: key, logger: logger)
    }

    var checks: [ReadinessCheck] {
        [
            ReadinessCheck("directory") { [directory] in await Self.problem { _ = try await directory.domains() } },
            ReadinessCheck("spool") { [queue] in await Self.problem { _ = try await queue.depth() } },
            ReadinessCheck("accounts") { [data] in
                access(data + "/accounts", W_OK | X_OK) == 0 ? nil : "folder of accounts not writable"
            },
            ReadinessCheck("redis", isNeeded: false) { [redis, usesRedis] in usesRedis ? await redis.problem() : nil },
        ]
    }

    private static func problem(_ body: () async throws -> Void) async -> String? {
        do {
            try await body()
            return nil
        } catch {
            return "\(error)"
        }
    }
}

/// Tells sessions by Redis, without waiting for it.
struct RedisAnnouncer: Announcer {
    let announcements: Announcements

    func changed(_ account: AccountID) { announcements.announce(account: account.description) }
}

/// Failed logins, counted in Redis across services; by this process alone while Redis is away.
struct SharedLoginGate: LoginGate {
    let logins: FailedLogins

    func pass(address: String) async { await logins.pass(address: address) }
    func failed(address: String) async { await logins.failed(address: address) }
}
