// SPDX-License-Identifier: Apache-2.0
import Foundation
import Logging
import RedisStreams
import ServiceLifecycle

/// How others ask the Backup service for something and hear how it goes, through Redis.
///
/// Nothing here is needed to back up: the service has its own schedule and keeps its own list. `status()` is `nil` when
/// Redis knows none, which means that the service is not running (or just started).
package final class BackupJobs: Service {
    /// Seconds for which a status stands when nobody publishes a newer one.
    package static let statusLifetime = 180
    private static let service = "backup"

    private let client: RedisClient
    private let stream: RequestStream
    private let logger: Logger

    package init(client: RedisClient, logger: Logger) {
        self.client = client
        self.logger = logger
        stream = RequestStream(client: client, service: Self.service)
    }

    /// Asks; the request waits in Redis for `BackupRequest.lifetime` when the service is away. Returns the request, whose
    /// id names its job in the status. Throws `RedisError`, `MalformedBackupID`.
    @discardableResult
    package func request(_ work: BackupRequest.Work, now: Date = Date()) async throws -> BackupRequest {
        let request = BackupRequest(work, asked: Int64(now.timeIntervalSince1970))
        guard request.isWellFormed else { throw MalformedBackupID() }
        try await stream.add(String(decoding: JSONEncoder().encode(request), as: UTF8.self))
        return request
    }

    /// What the service last said; `nil`: nothing, for three minutes or ever. Throws `RedisError`.
    package func status() async throws -> BackupStatus? {
        guard let text = try await client.call(["GET", RedisKeys.status(Self.service)]).text else { return nil }
        return try? JSONDecoder().decode(BackupStatus.self, from: Data(text.utf8))
    }

    /// Whether what is published now reaches Redis.
    package var isConnected: Bool { client.isConnected }

    /// For the Backup service: tells all who ask. Never waits and never fails.
    package func publish(_ status: BackupStatus) {
        guard let data = try? JSONEncoder().encode(status.bounded) else { return }
        client.post([
            "SET", RedisKeys.status(Self.service), String(decoding: data, as: UTF8.self), "EX",
            "\(Self.statusLifetime)",
        ])
    }

    /// For the Backup service, with `run()`: what is asked, in order; what is too old or not understood is left out.
    package func requests(
        now: @escaping @Sendable () -> Date = { Date() }
    ) -> AsyncCompactMapSequence<AsyncStream<String>, BackupRequest> {
        let logger = logger
        return stream.texts.compactMap { text in
            guard let request = try? JSONDecoder().decode(BackupRequest.self, from: Data(text.utf8)),
                request.isWellFormed
            else {
                logger.warning("a request that this release does not understand was left out")
                return nil
            }
            let age = Int64(now().timeIntervalSince1970) - request.asked
            guard age <= BackupRequest.lifetime else {
                logger.warning("a request came too late", metadata: ["request": "\(request.id)", "age": "\(age)"])
                return nil
            }
            return request
        }
    }

    /// Takes requests out of Redis; only the Backup service runs it.
    package func run() async { await stream.run() }
}
