// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOSSL

/// The end of a connection's pipeline: keeps what arrived until it is asked for, and stops reading from the socket
/// while nobody asks. Lives on the event loop.
final class BytePump: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// Bytes kept before the socket is left alone.
    static let highWater = 256 << 10

    private var context: ChannelHandlerContext?
    private var buffer = ByteBuffer()
    private var waiting: EventLoopPromise<ByteBuffer?>?
    private var deadline: Scheduled<Void>?
    private var ended = false
    private var failure: (any Error)?
    private var draining = false
    private var paused = false

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        buffer.writeImmutableBuffer(part)
        part.wipe()
        if waiting != nil {
            hand(.success(take()))
        } else if buffer.readableBytes >= Self.highWater, !paused {
            paused = true
            _ = context.channel.setOption(.autoRead, value: false)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { end(nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) { end(nil) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(error)
        if case NIOSSLError.uncleanShutdown = error,
            let tls = try? context.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self)
        {
            // The client went away without goodbye: TLS would wait five seconds for its answer to ours.
            tls.close(promise: nil)
        } else {
            context.close(promise: nil)
        }
    }

    /// The next bytes, `nil` at the end of the stream. One reader at a time.
    func next(within limit: TimeAmount, on loop: any EventLoop) -> EventLoopFuture<ByteBuffer?> {
        let promise = loop.makePromise(of: ByteBuffer?.self)
        if buffer.readableBytes > 0 {
            promise.succeed(take())
        } else if let failure {
            promise.fail(failure)
        } else if ended {
            promise.succeed(nil)
        } else if draining {
            promise.fail(ConnectionError.draining)
        } else if waiting != nil {
            promise.fail(ConnectionError.twoReaders)
        } else {
            waiting = promise
            let timeout = NIOLoopBound(self, eventLoop: loop)
            deadline = loop.scheduleTask(in: limit) { timeout.value.hand(.failure(ConnectionError.timedOut)) }
        }
        return promise.futureResult
    }

    func cancelReading() { hand(.failure(CancellationError())) }

    /// From now on a reader that would wait is told to say goodbye.
    func drain() {
        draining = true
        hand(.failure(ConnectionError.draining))
    }

    /// Forgets what was read: before a handshake it is an attacker's.
    func discard() { buffer.clear() }

    private func take() -> ByteBuffer {
        let taken = buffer
        buffer = ByteBuffer()
        if paused, let context {
            paused = false
            _ = context.channel.setOption(.autoRead, value: true)
        }
        return taken
    }

    private func end(_ error: (any Error)?) {
        if !ended { failure = error }
        ended = true
        hand(error.map { .failure($0) } ?? .success(nil))
    }

    private func hand(_ result: Result<ByteBuffer?, any Error>) {
        guard let promise = waiting else { return }
        waiting = nil
        deadline?.cancel()
        deadline = nil
        promise.completeWith(result)
    }
}
