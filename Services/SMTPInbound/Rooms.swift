// SPDX-License-Identifier: Apache-2.0

import Accounts
import DNSClient
import Foundation
import Logging
import Logins
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
    let logins: Logins
    let redis: RedisClient
    /// Wakes us for local deliveries.
    let local: WorkStream
    private let announcements: Announcements
    private let resolver: UnboundResolver
    private let data: String

    /// Throws when a key or a file is missing: the service does not start without its store.
    init(_ configuration: ServiceConfiguration, _ logger: Logger) throws {
        let redis = RedisClient(
            host: configuration.redisHost, port: configuration.redisPort, password: configuration.redisPassword,
            logger: logger)
        let remote = WorkStream(client: redis, kind: .remote)
        let local = WorkStream(client: redis, kind: .local)
        self.redis = redis
        self.local = local
        announcements = Announcements(client: redis)
        let counters = Counters(client: redis, hash: KeyedHash(secret: configuration.redisPassword))
        let keys = try PurposeKeys(folder: configuration.keys, only: [.configuration, .accounts, .spool])
        let directory = try Directory(dataFolder: configuration.data, keys: keys)
        self.directory = directory
        logins = Logins(directory: directory, counters: counters)
        data = configuration.data
        var limits = StoreLimits()
        // A message of the largest size must fit with our trace lines on top.
        limits.messageBytes = QueueLimits.messageBytes
        accounts = AccountDirectory(
            root: configuration.data + "/accounts", limits: limits, quota: { try await directory.quota(of: $0) },
            arrivals: { try await directory.arrivals(of: $0) },
            keys: { try directory.fileKey(of: $0) })
        queue = OutgoingQueue(
            database: try StoreFile.spool.open(
                in: configuration.data, keys: keys, migrations: OutgoingQueue.migrations),
            wake: { $0 == .remote ? remote.add() : local.add() })
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

    var checks: [ReadinessCheck] {
        [
            ReadinessCheck("directory", attempt: { [directory] in _ = try await directory.domains() }),
            ReadinessCheck("spool", attempt: { [queue] in _ = try await queue.depth() }),
            ReadinessCheck(
                "accounts",
                problem: { [data] in
                    access(data + "/accounts", W_OK | X_OK) == 0 ? nil : "folder of accounts not writable"
                }),
            ReadinessCheck("redis", isNeeded: false, problem: { [redis] in await redis.problem() }),
        ]
    }
}

/// Tells sessions by Redis, without waiting for it.
struct RedisAnnouncer: Announcer {
    let announcements: Announcements

    func changed(_ account: AccountID) { announcements.announce(account: account.description) }
}
