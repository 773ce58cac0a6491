// SPDX-License-Identifier: Apache-2.0
import Logging
import NIOCore
import ServiceLifecycle

/// Serves protocols of bytes: each connection is a `Connection`.
package struct ConnectionServer: Service {
    private let acceptor: Acceptor<NIOLoopBound<BytePump>, Connection>

    /// - Parameters:
    ///   - busyLine: what a client over its limit is told before it is cut off.
    ///   - bound: told once about the port of each listener, when all of them listen; a port 0 was chosen by the
    ///     system.
    ///   - session: runs one connection to its end; the connection is closed after it.
    package init(
        configuration: ServiceConfiguration, listeners: [Listener], certificates: TLSCertificates?,
        limits: ConnectionLimits = ConnectionLimits(), logger: Logger,
        busyLine: @escaping @Sendable (_ listener: String) -> [UInt8],
        bound: @escaping @Sendable ([String: Int]) -> Void = { _ in },
        session: @escaping @Sendable (Connection) async throws -> Void
    ) {
        acceptor = Acceptor(
            configuration: configuration, listeners: listeners, certificates: certificates, limits: limits,
            logger: logger, bound: bound,
            prepare: { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pump = BytePump()
                    try channel.pipeline.syncOperations.addHandler(pump)
                    return NIOLoopBound(pump, eventLoop: channel.eventLoop)
                }
            },
            make: { Connection($0, certificates: certificates) },
            refuse: { try? await $0.write(busyLine($0.listener)) },
            session: session)
    }

    package func run() async throws { try await acceptor.run() }
}
