// SPDX-License-Identifier: Apache-2.0

import Accounts
import Foundation
import Logging
import MailFlow
import MailStore
import OutgoingQueue
import SMTPServer
import ServiceKit

/// What the service opens: config.db, spool.db, the door to the accounts.
struct Rooms: Sendable {
    let directory: Directory
    let accounts: AccountDirectory
    let queue: OutgoingQueue
    let gate = ProcessLoginGate()
    private let data: String

    /// Throws when a key or a file is missing: the service does not start without its store.
    init(_ configuration: ServiceConfiguration) throws {
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
                in: configuration.data, keys: keys, migrations: OutgoingQueue.migrations))
    }

    func flow(hostname: String, logger: Logger) -> AcceptMessage {
        AcceptMessage(
            hostname: hostname, directory: directory, drop: accounts, queue: queue,
            judge: NoJudge(hostname: hostname), announcer: NoAnnouncer(), logger: logger, now: MailDate.now)
    }

    func deliveries(hostname: String, logger: Logger) -> LocalDeliveries {
        LocalDeliveries(
            hostname: hostname, directory: directory, drop: accounts, queue: queue, announcer: NoAnnouncer(),
            logger: logger, now: MailDate.now)
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
