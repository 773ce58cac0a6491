// SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle

/// The connection for commands. Calls fail at once while Redis is away; nothing waits for it to come back.
package final class RedisClient: Service {
    let address: RedisServerAddress?
    let logger: Logger
    private let link: RedisLink

    /// - Parameter host: nil when the operator runs without Redis.
    package convenience init(host: String?, port: Int, password: String?, logger: Logger) {
        self.init(host.map { RedisServerAddress(host: $0, port: port, password: password) }, logger: logger)
    }

    init(_ address: RedisServerAddress?, logger: Logger) {
        self.address = address
        self.logger = logger
        link = RedisLink(address, purpose: "commands", logger: logger)
    }

    package func run() async {
        await link.run { channel in
            // Finds a peer that went without a word.
            while true {
                _ = try await channel.call(["PING"])
                try await Task.sleep(for: .seconds(10))
            }
        }
    }

    /// Whether a connection stands now.
    package var isConnected: Bool { link.channel != nil }

    /// Nil when Redis answers or none is used, else what is wrong; for readiness checks.
    package func problem() async -> String? {
        guard address != nil else { return nil }
        do {
            _ = try await call(["PING"])
            return nil
        } catch {
            return "down"
        }
    }

    /// Throws `RedisError`.
    package func call(_ command: [String]) async throws -> RedisReply {
        guard let channel = link.channel else { throw RedisError.notConnected }
        return try await channel.call(command)
    }

    /// Sends if there is a connection; never waits and never fails.
    package func post(_ command: [String]) { link.channel?.post(command) }
}
