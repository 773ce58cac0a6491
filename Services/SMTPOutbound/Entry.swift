// SPDX-License-Identifier: Apache-2.0

import Accounts
import DNSClient
import Foundation
import Logging
import OutgoingQueue
import RedisStreams
import SMTPClient
import ServiceKit
import ServiceLifecycle

/// Sends mail to other servers. Assembly only; it opens config.db and spool.db, and no account's file.
@main
struct Entry {
    static let port = Setting("outbound.port", "port of other domains' mail servers", fallback: "25")
    static let allowLoopback = Setting(
        "outbound.allow.loopback", "true: also to servers at loopback and private addresses", fallback: "false")

    static func main() async {
        await ServiceMain.run(
            name: "smtp-outbound", about: "sends mail to other servers", settings: [port, allowLoopback],
            assemble: assemble)
    }

    private static func assemble(
        _ reader: inout SettingReader, _ configuration: ServiceConfiguration, _ logger: Logger
    ) async throws -> ServiceMain.Assembly {
        let port = reader.port(port) ?? 25
        let policy = AddressPolicy(allowsPrivate: reader.flag(allowLoopback, or: false))
        guard reader.mistakes.isEmpty else { return ServiceMain.Assembly(services: [], checks: []) }

        let keys = try PurposeKeys(folder: configuration.keys, only: [.configuration, .spool, .signing])
        let directory = try Directory(dataFolder: configuration.data, keys: keys)
        let redis = RedisClient(
            host: configuration.redisHost, port: configuration.redisPort, password: configuration.redisPassword,
            logger: logger)
        let remote = WorkStream(client: redis, kind: .remote)
        let local = WorkStream(client: redis, kind: .local)
        let queue = OutgoingQueue(
            database: try StoreFile.spool.open(
                in: configuration.data, keys: keys, migrations: OutgoingQueue.migrations),
            wake: { $0 == .remote ? remote.add() : local.add() })
        let resolver = try UnboundResolver(
            UnboundConfiguration(forward: configuration.dnsForward, anchorFile: configuration.dnsAnchorFile))
        let delivery = try BatchDelivery(
            hostname: configuration.hostname, port: port, resolver: resolver, policy: policy,
            signer: DirectorySigner(directory: directory), logger: logger)
        let worker = OutboundWorker(
            queue: queue, delivery: delivery, hostname: configuration.hostname,
            isLocal: { (try? await directory.isLocal(domain: $0)) ?? false }, wakeUps: remote.wakeUps,
            now: { Int64(Date().timeIntervalSince1970) }, logger: logger)
        return ServiceMain.Assembly(
            services: [redis, remote, worker],
            checks: [
                ReadinessCheck("directory", attempt: { _ = try await directory.domains() }),
                ReadinessCheck("spool", attempt: { _ = try await queue.depth() }),
                ReadinessCheck("redis", isNeeded: false, problem: { await redis.problem() }),
            ])
    }
}
