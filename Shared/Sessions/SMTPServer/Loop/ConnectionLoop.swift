// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import SMTPGrammar
import ServiceKit

/// Carries octets between a `ServiceKit.Connection` and a `Conversation`, under the clock. One for each door.
package struct ConnectionLoop: Sendable {
    private let hostname: String
    private let role: SessionRole
    private let limits: SessionLimits
    private let memory: MessageMemory
    private let backend: @Sendable (Connection) -> any SessionBackend

    /// - Parameters:
    ///   - memory: shared by all doors of the process.
    ///   - backend: made for each connection.
    package init(
        hostname: String, role: SessionRole, limits: SessionLimits = SessionLimits(), memory: MessageMemory,
        backend: @escaping @Sendable (Connection) -> any SessionBackend
    ) {
        self.hostname = hostname
        self.role = role
        self.limits = limits
        self.memory = memory
        self.backend = backend
    }

    /// What a client over its number of connections reads before it is cut off.
    package static let busyLine = SMTPReply(421, EnhancedStatusCode(4, 7, 0), "Too many connections").encoded()

    /// Returns when the conversation is over; throws what broke the connection.
    package func run(_ connection: Connection) async throws {
        let end = ContinuousClock.now + .seconds(limits.total)
        let session = Session(
            hostname: hostname, role: role, isTLS: connection.isTLS, canStartTLS: connection.canStartTLS,
            limits: limits, memory: memory)
        var conversation = Conversation(session: session, backend: backend(connection))
        var step = await conversation.begin()
        while true {
            switch step.next {
            case .close:
                try await connection.write(step.output)
                return
            case .startTLS:
                try await connection.startTLS(reply: step.output)
                step = await conversation.tlsStarted()
            case .read:
                if !step.output.isEmpty { try await connection.write(step.output) }
                do {
                    let left = max(0, (end - .now).components.seconds)
                    guard let bytes = try await connection.read(within: .seconds(min(Int64(limits.idle), left))) else {
                        return
                    }
                    step = await conversation.receive(bytes.readableBytesView)
                    bytes.wipe()
                } catch ConnectionError.timedOut {
                    connection.logger.info("connection timed out")
                    step = await conversation.timedOut()
                } catch ConnectionError.draining {
                    step = await conversation.stopping()
                }
            }
        }
    }
}
