// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

/// Where Redis is.
package struct RedisServerAddress: Sendable {
    package var host: String
    package var port: Int
    package var password: String?

    package init(host: String, port: Int = 6379, password: String? = nil) {
        self.host = host
        self.port = port
        self.password = password
    }
}

/// One TCP connection to Redis: commands go out pipelined, replies resolve them in order.
final class RedisChannel: Sendable {
    private let channel: any Channel
    private let handler: NIOLoopBound<RedisChannelHandler>

    private init(_ channel: any Channel, _ handler: NIOLoopBound<RedisChannelHandler>) {
        self.channel = channel
        self.handler = handler
    }

    /// Connects and authenticates.
    /// - Parameter pushed: gets the messages of subscriptions, in order, on the event loop.
    static func connect(
        to address: RedisServerAddress, pushed: (@Sendable ([RedisReply]) -> Void)? = nil
    ) async throws -> RedisChannel {
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(2))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.writeBufferWaterMark, value: .init(low: 64 << 10, high: 1 << 20))
        let result = try await bootstrap.connect(host: address.host, port: address.port) { channel in
            channel.eventLoop.makeCompletedFuture {
                guard let reader = RedisReader() else { throw RedisError.lost }
                let handler = RedisChannelHandler(reader: reader, pushed: pushed)
                try channel.pipeline.syncOperations.addHandler(handler)
                return RedisChannel(channel, NIOLoopBound(handler, eventLoop: channel.eventLoop))
            }
        }
        if let password = address.password {
            do { _ = try await result.call(["AUTH", password]) } catch {
                result.close()
                throw error
            }
        }
        return result
    }

    /// - Parameter time: without a reply by then the connection is given up (replies come in order, so nothing behind
    ///   it could be answered either).
    func call(_ command: [String], within time: Duration = .seconds(1)) async throws -> RedisReply {
        let promise = channel.eventLoop.makePromise(of: RedisReply.self)
        write(command, promise, within: time)
        let reply = try await promise.futureResult.get()
        if case .error(let text) = reply { throw RedisError.refused(text) }
        return reply
    }

    /// Sends without anybody waiting for the reply.
    func post(_ command: [String]) { write(command, nil, within: .seconds(1)) }

    private func write(_ command: [String], _ promise: EventLoopPromise<RedisReply>?, within time: Duration) {
        let bytes = Self.encode(command, channel.allocator)
        let handler = handler
        channel.eventLoop.execute { handler.value.send(bytes, promise, within: TimeAmount(time)) }
    }

    /// Sends what has no reply of its own but pushed messages (SUBSCRIBE and PING on a subscribed connection).
    func writeSubscription(_ command: [String]) {
        channel.writeAndFlush(Self.encode(command, channel.allocator), promise: nil)
    }

    func close() { channel.close(promise: nil) }

    /// Ends when the connection does; closes it when the task is cancelled.
    func untilClosed() async {
        let channel = channel
        await withTaskCancellationHandler {
            try? await channel.closeFuture.get()
        } onCancel: {
            channel.close(promise: nil)
        }
    }

    /// An array of bulk strings.
    static func encode(_ command: [String], _ allocator: ByteBufferAllocator) -> ByteBuffer {
        var buffer = allocator.buffer(capacity: 32 + command.reduce(0) { $0 + $1.utf8.count + 16 })
        buffer.writeString("*\(command.count)\r\n")
        for argument in command { buffer.writeString("$\(argument.utf8.count)\r\n\(argument)\r\n") }
        return buffer
    }
}

/// On the event loop of its channel.
private final class RedisChannelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private struct Pending {
        let promise: EventLoopPromise<RedisReply>?
        let deadline: NIODeadline
    }

    /// Commands that may wait for their replies.
    static let mostPending = 4096

    private let reader: RedisReader
    private let pushed: (@Sendable ([RedisReply]) -> Void)?
    private var pending = CircularBuffer<Pending>()
    private var watch: Scheduled<Void>?
    private var context: ChannelHandlerContext?

    init(reader: RedisReader, pushed: (@Sendable ([RedisReply]) -> Void)?) {
        self.reader = reader
        self.pushed = pushed
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        fail()
    }

    func send(_ bytes: ByteBuffer, _ promise: EventLoopPromise<RedisReply>?, within time: TimeAmount) {
        guard let context, context.channel.isActive else {
            promise?.fail(RedisError.notConnected)
            return
        }
        guard pending.count < Self.mostPending, context.channel.isWritable else {
            promise?.fail(RedisError.busy)
            return
        }
        pending.append(Pending(promise: promise, deadline: .now() + time))
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        startWatch(context)
    }

    /// One timer for the oldest command, not one for each.
    private func startWatch(_ context: ChannelHandlerContext) {
        guard watch == nil, let first = pending.first else { return }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        watch = context.eventLoop.scheduleTask(deadline: first.deadline) {
            let (handler, context) = bound.value
            handler.watch = nil
            if let first = handler.pending.first, first.deadline <= .now() {
                context.close(promise: nil)
            } else {
                handler.startWatch(context)
            }
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        do {
            try unwrapInboundIn(data).withUnsafeReadableBytes { try reader.feed($0) }
            while let reply = try reader.next() { deliver(reply) }
        } catch {
            context.close(promise: nil)
        }
    }

    private func deliver(_ reply: RedisReply) {
        if let first = pending.popFirst() {
            first.promise?.succeed(reply)
        } else if case .array(let parts) = reply {
            pushed?(parts)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func fail() {
        watch?.cancel()
        watch = nil
        let all = pending
        pending.removeAll()
        for entry in all { entry.promise?.fail(RedisError.lost) }
    }
}
