// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTPTypes

/// Closes a connection whose request is not whole in time. `WebLimits.idle` alone would let one byte a minute hold it.
///
/// The time runs from the connection's begin, or the end of the answer before, to the end of the request. How long the
/// answer takes does not count.
final class RequestDeadline: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart

    private let time: TimeAmount
    private var timer: Scheduled<Void>?
    /// Requests whose answer has not ended; more than one when the client does not wait for answers.
    private var unanswered = 0

    init(_ time: TimeAmount) { self.time = time }

    func handlerAdded(context: ChannelHandlerContext) { run(context) }
    func handlerRemoved(context: ChannelHandlerContext) { stop() }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            unanswered += 1
            run(context)
        case .body: break
        case .end:
            stop()
            // It was answered before its end: the next one is awaited.
            if unanswered == 0 { run(context) }
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            unanswered = max(0, unanswered - 1)
            if unanswered == 0 { run(context) }
        }
        context.write(data, promise: promise)
    }

    /// Goes on when it runs.
    private func run(_ context: ChannelHandlerContext) {
        guard timer == nil else { return }
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
    }

    private func stop() {
        timer?.cancel()
        timer = nil
    }
}
