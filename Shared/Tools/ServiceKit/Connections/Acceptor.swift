// SPDX-License-Identifier: Apache-2.0
import Logging
import Metrics
import NIOCore
import NIOPosix
import NIOSSL
import ServiceLifecycle

/// Where a protocol listens.
package struct Listener: Sendable {
    package enum Security: Sendable {
        /// TLS from the first byte.
        case implicit
        /// In clear, until the session asks for TLS.
        case startTLS
    }

    package let name: String
    package let port: Int
    package let security: Security

    package init(name: String, port: Int, security: Security) {
        self.name = name
        self.port = port
        self.security = security
    }
}

/// Bounds of a server's connections.
package struct ConnectionLimits: Sendable {
    /// From one client address at a time.
    package var perAddress = 100
    /// All together.
    package var total = 10_000
    /// Seconds for the PROXY header.
    package var proxyHeader = TimeAmount.seconds(10)
    /// Behind a proxy, how long new connections are still served when the service stops: until the proxy's checks have
    /// failed twice, so that nobody is refused.
    package var farewell = TimeAmount.seconds(3)
    /// Seconds that sessions get to say goodbye when the service stops, `farewell` included.
    package var drain = TimeAmount.seconds(25)

    package init() {}
}

/// What a server has of a connection while it lasts.
package protocol ServedConnection: Sendable {
    /// Unique in this process's life.
    var id: String { get }
    /// The client, not the edge.
    var peer: PeerAddress { get }
    var logger: Logger { get }
    /// The service stops: ends at the next quiet moment.
    func drain()
    func close() async
}

/// A connection that is up, with its client's address known.
package struct Arrived<Prepared: Sendable>: Sendable {
    package let id: String
    package let peer: PeerAddress
    package let listener: Listener
    package let localPort: Int
    package let channel: any Channel
    package let prepared: Prepared
    /// With `connection` and `peer`.
    package let logger: Logger
}

/// Listens, and runs one session for each connection, whatever its protocol: finds the client's address behind a proxy,
/// puts TLS in front, holds the limits, and stops in good order. An error ends its connection, never the server.
package struct Acceptor<Prepared: Sendable, Served: ServedConnection>: Service {
    private let configuration: ServiceConfiguration
    private let listeners: [Listener]
    private let certificates: TLSCertificates?
    private let limits: ConnectionLimits
    private let logger: Logger
    private let bound: @Sendable ([String: Int]) -> Void
    private let prepare: @Sendable (any Channel) -> EventLoopFuture<Prepared>
    private let make: @Sendable (Arrived<Prepared>) -> Served
    private let refuse: @Sendable (Served) async -> Void
    private let session: @Sendable (Served) async throws -> Void

    /// - Parameters:
    ///   - bound: told once about the port of each listener, when all of them listen; a port 0 was chosen by the
    ///     system.
    ///   - prepare: adds the protocol's handlers, behind TLS, on the channel's event loop; done before the connection is
    ///     up.
    ///   - refuse: tells a client over its limit; the connection is closed after it.
    ///   - session: runs one connection to its end; the connection is closed after it.
    package init(
        configuration: ServiceConfiguration, listeners: [Listener], certificates: TLSCertificates?,
        limits: ConnectionLimits, logger: Logger, bound: @escaping @Sendable ([String: Int]) -> Void,
        prepare: @escaping @Sendable (any Channel) -> EventLoopFuture<Prepared>,
        make: @escaping @Sendable (Arrived<Prepared>) -> Served, refuse: @escaping @Sendable (Served) async -> Void,
        session: @escaping @Sendable (Served) async throws -> Void
    ) {
        self.configuration = configuration
        self.listeners = listeners
        self.certificates = certificates
        self.limits = limits
        self.logger = logger
        self.bound = bound
        self.prepare = prepare
        self.make = make
        self.refuse = refuse
        self.session = session
    }

    private struct Accepted: Sendable {
        let channel: any Channel
        let prepared: Prepared
        let client: EventLoopFuture<PeerAddress?>
    }

    /// A listener's channel, and what it accepts until it is closed. A stream of ours and not NIO's asynchronous server
    /// channel, which ends at the first error of any accepted connection, and when descriptors run out.
    private struct Open: Sendable {
        let listener: Listener
        let channel: any Channel
        let accepted: AsyncStream<Accepted>
    }

    package func run() async throws {
        let counts = ConnectionCounts<Served>(perAddress: limits.perAddress, total: limits.total)
        var servers: [Open] = []
        for listener in listeners {
            for address in configuration.bind { servers.append(try await bind(listener, address)) }
        }
        bound(
            Dictionary(
                servers.compactMap { server in server.channel.localAddress?.port.map { (server.listener.name, $0) } },
                uniquingKeysWith: { first, _ in first }))
        let open = servers
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                for server in open {
                    group.addTask { await accept(server, counts) }
                }
            }
        } onGracefulShutdown: {
            guard let loop = open.first?.channel.eventLoop else { return }
            loop.scheduleTask(in: configuration.trustedProxies.isEmpty ? .zero : limits.farewell) {
                for server in open { server.channel.close(promise: nil) }
                for connection in counts.all { connection.drain() }
            }
            loop.scheduleTask(in: limits.drain) {
                for connection in counts.all { Task { await connection.close() } }
            }
        }
    }

    private func bind(_ listener: Listener, _ address: String) async throws -> Open {
        let trusted = configuration.trustedProxies
        let (certificates, prepare) = (certificates, prepare)
        let (accepted, continuation) = AsyncStream.makeStream(of: Accepted.self)
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(
                ChannelOptions.Types.SocketOption(level: .ipv6, name: .ipv6_v6only), value: 1,
                when: address.contains(":")
            )
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                let found = channel.eventLoop.makePromise(of: PeerAddress?.self)
                let direct = channel.remoteAddress.flatMap { PeerAddress($0) }
                do {
                    if let direct, trusted.contains(direct.ip) {
                        try channel.pipeline.syncOperations.addHandler(ProxyProtocolHandler(found: found))
                    } else {
                        found.succeed(direct)
                    }
                    if listener.security == .implicit, let context = certificates?.context {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    }
                } catch {
                    found.fail(error)
                    return channel.eventLoop.makeFailedFuture(error)
                }
                return prepare(channel).flatMapThrowing { prepared in
                    let accepted = Accepted(channel: channel, prepared: prepared, client: found.futureResult)
                    try channel.pipeline.syncOperations.addHandler(Arrival { continuation.yield(accepted) })
                }
            }
            .bind(host: address, port: listener.port).get()
        server.closeFuture.whenComplete { _ in continuation.finish() }
        return Open(listener: listener, channel: server, accepted: accepted)
    }

    private func accept(_ server: Open, _ counts: ConnectionCounts<Served>) async {
        await withDiscardingTaskGroup { group in
            for await one in server.accepted {
                group.addTask { await serve(one, server, counts) }
            }
        }
        try? await server.channel.close().get()
    }

    private func serve(_ accepted: Accepted, _ server: Open, _ counts: ConnectionCounts<Served>) async {
        let channel = accepted.channel
        let listener = server.listener
        let limit = channel.eventLoop.scheduleTask(in: limits.proxyHeader) { channel.close(promise: nil) }
        let peer = try? await accepted.client.get()
        limit.cancel()
        // Without an address it is the proxy's own check, or it is gone already.
        guard let peer else {
            try? await channel.close().get()
            return
        }
        let id = String(UInt64.random(in: 0 ... .max), radix: 36)
        var logger = logger
        logger[metadataKey: "connection"] = "\(id)"
        logger[metadataKey: "peer"] = "\(peer.ip)"
        let connection = make(
            Arrived(
                id: id, peer: peer, listener: listener, localPort: channel.localAddress?.port ?? listener.port,
                channel: channel, prepared: accepted.prepared, logger: logger))
        guard counts.add(connection) else {
            logger.notice("too many connections", metadata: ["listener": "\(listener.name)"])
            await refuse(connection)
            await connection.close()
            return
        }
        // It came in while the others were told to say goodbye.
        if !server.channel.isActive { connection.drain() }
        Counter(label: "mailkeep_connections_total", dimensions: [("listener", listener.name)]).increment()
        do {
            try await session(connection)
        } catch {
            logger.debug("connection ended", metadata: ["error": "\(error)"])
        }
        await connection.close()
        counts.remove(connection)
    }
}

/// Tells when a connection is up: nothing can be written to it before.
private final class Arrival: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let isUp: () -> Void

    init(_ isUp: @escaping () -> Void) { self.isUp = isUp }

    func channelActive(context: ChannelHandlerContext) {
        isUp()
        context.fireChannelActive()
    }
}

extension PeerAddress {
    fileprivate init?(_ address: SocketAddress) {
        guard let text = address.ipAddress, let ip = IPAddress(text) else { return nil }
        self.init(ip: ip, port: address.port ?? 0)
    }
}

extension ServerBootstrap {
    /// Sets an option where the condition holds: IPV6_V6ONLY is an error on an IPv4 socket.
    fileprivate func serverChannelOption<Option: ChannelOption>(
        _ option: Option, value: Option.Value, when condition: Bool
    ) -> ServerBootstrap {
        condition ? serverChannelOption(option, value: value) : self
    }
}
