// SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle
import Synchronization

/// A connection that comes back: connects, prepares, waits for its end, and begins again with growing pauses.
final class RedisLink: Sendable {
    static let shortestPause = Duration.milliseconds(50)
    static let longestPause = Duration.seconds(5)

    private let address: RedisServerAddress?
    private let purpose: String
    private let logger: Logger
    private let current = Mutex<RedisChannel?>(nil)

    /// - Parameter address: nil: there is no Redis; the link is never up.
    init(_ address: RedisServerAddress?, purpose: String, logger: Logger) {
        self.address = address
        self.purpose = purpose
        self.logger = logger
    }

    var channel: RedisChannel? { current.withLock { $0 } }

    /// Until the task is cancelled or the service group shuts down gracefully.
    /// - Parameters:
    ///   - pushed: messages of subscriptions.
    ///   - whileUp: runs on each new connection; when it returns or throws the connection is closed.
    func run(
        pushed: (@Sendable ([RedisReply]) -> Void)? = nil,
        whileUp: @escaping @Sendable (RedisChannel) async throws -> Void
    ) async {
        guard let address else {
            try? await gracefulShutdown()
            return
        }
        await cancelWhenGracefulShutdown { [self] in
            var failures = 0
            while !Task.isCancelled {
                do {
                    let channel = try await RedisChannel.connect(to: address, pushed: pushed)
                    defer { channel.close() }
                    current.withLock { $0 = channel }
                    defer { current.withLock { $0 = nil } }
                    logger.info("connected to Redis", metadata: ["purpose": "\(purpose)"])
                    failures = 0
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask { try await whileUp(channel) }
                        group.addTask { await channel.untilClosed() }
                        try await group.next()
                        group.cancelAll()
                        channel.close()
                    }
                    if !Task.isCancelled { logger.warning("lost Redis", metadata: ["purpose": "\(purpose)"]) }
                } catch {
                    if failures == 0, !Task.isCancelled {
                        logger.warning(
                            "Redis cannot be reached", metadata: ["purpose": "\(purpose)", "error": "\(error)"])
                    }
                }
                failures += 1
                try? await Task.sleep(for: Self.pause(after: failures, spread: Double.random(in: 0.5...1)))
            }
        }
    }

    /// Doubles up to `longestPause`; `spread` keeps replicas from coming back all at once.
    static func pause(after failures: Int, spread: Double) -> Duration {
        min(shortestPause * (1 << min(failures - 1, 10)), longestPause) * spread
    }
}
