// SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle

/// Texts that are asked of one service: a Redis stream that keeps them while the service is away. Each is taken once;
/// Redis may lose any, so whoever asks looks whether it was done.
package final class RequestStream: Service {
    /// Requests kept; of more, the oldest go.
    static let mostEntries = 64
    static let blockMilliseconds = 5000
    /// Longest text, in bytes.
    package static let longestText = 4096

    private let client: RedisClient
    private let key: String
    private let link: RedisLink
    private let taken: AsyncStream<String>.Continuation
    /// What was asked, in order. One iterator at a time. Ends with `run()`.
    package let texts: AsyncStream<String>

    /// - Parameter service: whose requests these are, as `backup`.
    package init(client: RedisClient, service: String) {
        self.client = client
        key = RedisKeys.requests(service)
        link = RedisLink(client.address, purpose: "requests-\(service)", logger: client.logger)
        (texts, taken) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.mostEntries))
    }

    /// In Redis when this returns. Throws `RedisError`; a text that is too long is a mistake of the caller.
    package func add(_ text: String) async throws {
        precondition(text.utf8.count <= Self.longestText)
        _ = try await client.call(["XADD", key, "MAXLEN", "\(Self.mostEntries)", "*", "text", text])
    }

    /// Reads the stream; only the service that does the work runs it, in one process.
    package func run() async {
        let (key, taken) = (key, taken)
        await link.run { channel in
            let read = ["XREAD", "COUNT", "16", "BLOCK", "\(Self.blockMilliseconds)", "STREAMS", key, "0"]
            while true {
                let reply = try await channel.call(read, within: .milliseconds(Self.blockMilliseconds + 2000))
                for (id, text) in Self.entries(reply) {
                    // Whoever deletes it has it: a second reader does nothing.
                    guard try await channel.call(["XDEL", key, id]).integer == 1 else { continue }
                    if text.utf8.count <= Self.longestText { taken.yield(text) }
                }
                try Task.checkCancellation()
            }
        }
        taken.finish()
    }

    /// `[[key, [[id, [field, value]]]]]`
    private static func entries(_ reply: RedisReply) -> [(id: String, text: String)] {
        let entries = reply.array?.first?.array?.last?.array ?? []
        return entries.compactMap { entry in
            guard let parts = entry.array, parts.count == 2, let id = parts[0].text else { return nil }
            return (id, parts[1].array?.last?.text ?? "")
        }
    }
}
