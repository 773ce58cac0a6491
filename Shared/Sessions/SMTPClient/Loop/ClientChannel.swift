// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import NIOSSL

/// A connection to another server: octets, with deadlines. One reader and one writer at a time.
final class ClientChannel: Sendable {
    enum Read: Sendable, Equatable {
        case bytes([UInt8])
        case closed(String)
        case timedOut
    }

    private let channel: any Channel
    private let handler: NIOLoopBound<ClientHandler>

    private init(_ channel: any Channel, _ handler: NIOLoopBound<ClientHandler>) {
        self.channel = channel
        self.handler = handler
    }

    static func connect(to address: String, port: Int) async throws -> ClientChannel {
        let target = try SocketAddress(ipAddress: address, port: port)
        return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(Int64(ClientLimits.connectSeconds)))
            .channelOption(.autoRead, value: false)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connect(to: target) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = ClientHandler()
                    try channel.pipeline.syncOperations.addHandler(handler)
                    return ClientChannel(channel, NIOLoopBound(handler, eventLoop: channel.eventLoop))
                }
            }
    }

    /// Cancelling the task closes the connection.
    func read(seconds: Int) async -> Read {
        let (channel, handler) = (channel, handler)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                channel.eventLoop.execute { handler.value.wait(continuation, seconds: seconds) }
            }
        } onCancel: {
            channel.close(promise: nil)
        }
    }

    /// False when the octets could not be written in time; the connection is then closed.
    func write(_ bytes: [UInt8], seconds: Int) async -> Bool {
        let channel = channel
        let late = channel.eventLoop.scheduleTask(in: .seconds(Int64(seconds))) { channel.close(promise: nil) }
        defer { late.cancel() }
        return await withTaskCancellationHandler {
            do {
                try await channel.writeAndFlush(channel.allocator.buffer(bytes: bytes)).get()
                return true
            } catch {
                return false
            }
        } onCancel: {
            channel.close(promise: nil)
        }
    }

    /// From here on through TLS; a handshake that fails ends the connection.
    func startTLS(_ context: NIOSSLContext, host: String?) async -> Bool {
        let channel = channel
        do {
            try await channel.eventLoop.submit {
                // A name that is none for TLS is not told; the certificate is not looked at.
                let named = try? NIOSSLClientHandler(context: context, serverHostname: host)
                let tls = if let named { named } else { try NIOSSLClientHandler(context: context, serverHostname: nil) }
                try channel.pipeline.syncOperations.addHandler(tls, position: .first)
                // The handshake is read for from here; the first write waits for its end.
                channel.read()
            }.get()
            return true
        } catch {
            return false
        }
    }

    func close() { channel.close(promise: nil) }
}

/// Reads from the socket only while somebody waits.
private final class ClientHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var context: ChannelHandlerContext?
    private var received: [UInt8] = []
    private var ended: String?
    private var waiter: CheckedContinuation<ClientChannel.Read, Never>?
    private var timer: Scheduled<Void>?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        end("closed")
    }

    func wait(_ continuation: CheckedContinuation<ClientChannel.Read, Never>, seconds: Int) {
        guard waiter == nil else {
            continuation.resume(returning: .closed("two readers"))
            return
        }
        waiter = continuation
        answer()
        guard waiter != nil, let context else { return }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: .seconds(Int64(seconds))) { bound.value.resume(.timedOut) }
        context.read()
    }

    private func answer() {
        if !received.isEmpty {
            let bytes = received
            guard waiter != nil else { return }
            received = []
            resume(.bytes(bytes))
        } else if let ended {
            resume(.closed(ended))
        }
    }

    private func resume(_ read: ClientChannel.Read) {
        timer?.cancel()
        timer = nil
        let continuation = waiter
        waiter = nil
        continuation?.resume(returning: read)
    }

    private func end(_ reason: String) {
        if ended == nil { ended = reason }
        answer()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += unwrapInboundIn(data).readableBytesView
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        answer()
        if waiter != nil { context.read() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end("\(error)")
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { end("closed by the server") }
}
