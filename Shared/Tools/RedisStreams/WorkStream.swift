// SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle

/// Wakes the workers of one kind: a Redis stream that replicas share as one consumer group, so that each wake-up goes
/// to one of them. Only a hint (the spool is the truth), so entries are not acknowledged and may vanish.
package final class WorkStream: Service {
    /// Entries kept, about; more than that says nothing new.
    static let mostEntries = 1000
    static let blockMilliseconds = 5000

    package enum Kind: String, Sendable {
        /// Deliveries to other servers.
        case remote
        /// Deliveries into our own accounts.
        case local
    }

    private let client: RedisClient
    private let key: String
    private let consumer: String
    private let link: RedisLink
    private let signal: AsyncStream<Void>.Continuation
    /// An element when there may be work; several wake-ups may be one. One iterator at a time. Ends with `run()`.
    package let wakeUps: AsyncStream<Void>

    package init(client: RedisClient, kind: Kind) {
        self.client = client
        key = RedisKeys.work(kind.rawValue)
        consumer = String(UInt64.random(in: .min ... .max), radix: 16)
        link = RedisLink(client.address, purpose: "work-\(kind.rawValue)", logger: client.logger)
        (wakeUps, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Wakes one worker. Never waits and never fails.
    package func add() {
        client.post(["XADD", key, "MAXLEN", "~", "\(Self.mostEntries)", "*", "due", "1"])
    }

    /// Whether wake-ups arrive.
    package var isConnected: Bool { link.channel != nil }

    /// Reads the stream; only workers run it.
    package func run() async {
        let (key, consumer, signal) = (key, consumer, signal)
        await link.run { channel in
            try await Self.makeGroup(key, on: channel)
            // Whatever was added while nobody read it.
            signal.yield()
            let read = [
                "XREADGROUP", "GROUP", RedisKeys.workers, consumer, "COUNT", "100", "BLOCK",
                "\(Self.blockMilliseconds)",
                "NOACK", "STREAMS", key, ">",
            ]
            while true {
                do {
                    let reply = try await channel.call(read, within: .milliseconds(Self.blockMilliseconds + 2000))
                    if reply != .null { signal.yield() }
                } catch RedisError.refused(let text) where text.hasPrefix("NOGROUP") {
                    try await Self.makeGroup(key, on: channel)
                    signal.yield()
                }
                try Task.checkCancellation()
            }
        }
        signal.finish()
    }

    private static func makeGroup(_ key: String, on channel: RedisChannel) async throws {
        do {
            _ = try await channel.call(["XGROUP", "CREATE", key, RedisKeys.workers, "$", "MKSTREAM"])
        } catch RedisError.refused(let text) where text.hasPrefix("BUSYGROUP") {}
    }
}
