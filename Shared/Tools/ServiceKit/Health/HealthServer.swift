// SPDX-License-Identifier: Apache-2.0
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle

/// `/health/live`, `/health/ready` and `/metrics` over plain HTTP, for the inside of the network.
package struct HealthServer: Service {
    /// From connecting to the end of the answer.
    static let limit = TimeAmount.seconds(15)

    private let bind: [String]
    private let port: Int
    private let checks: [ReadinessCheck]
    private let metrics: PrometheusMetrics
    private let logger: Logger

    package init(bind: [String], port: Int, checks: [ReadinessCheck], metrics: PrometheusMetrics, logger: Logger) {
        self.bind = bind
        self.port = port
        self.checks = checks
        self.metrics = metrics
        self.logger = logger
    }

    package func run() async throws {
        var channels: [any Channel] = []
        for address in bind {
            channels.append(
                try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                    .childChannelInitializer { [checks, metrics] channel in
                        channel.eventLoop.makeCompletedFuture {
                            let pipeline = channel.pipeline.syncOperations
                            try pipeline.configureHTTPServerPipeline()
                            try pipeline.addHandler(HealthHandler(checks: checks, metrics: metrics))
                            let end = channel.eventLoop.scheduleTask(in: Self.limit) { channel.close(promise: nil) }
                            channel.closeFuture.whenComplete { _ in end.cancel() }
                        }
                    }
                    .bind(host: address, port: port).get())
        }
        let open = channels
        try await withTaskCancellationOrGracefulShutdownHandler {
            for channel in open { try await channel.closeFuture.get() }
        } onCancelOrGracefulShutdown: {
            for channel in open { channel.close(promise: nil) }
        }
    }
}

/// One request after the other; the answer closes the connection.
private final class HealthHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let checks: [ReadinessCheck]
    private let metrics: PrometheusMetrics
    private var path = ""

    init(checks: [ReadinessCheck], metrics: PrometheusMetrics) {
        self.checks = checks
        self.metrics = metrics
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): path = head.uri
        case .body: break
        case .end: answer(context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func answer(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let loop = context.eventLoop
        switch path {
        case "/health/live": send(.ok, "{\"live\":true}\n", "application/json", context)
        case "/metrics": send(.ok, metrics.text(), "text/plain; version=0.0.4", context)
        case "/health/ready":
            let checks = checks
            Task {
                let readiness = await Readiness.ask(checks)
                loop.execute {
                    let (handler, context) = bound.value
                    handler.send(
                        readiness.isReady ? .ok : .serviceUnavailable, readiness.body, "application/json", context)
                }
            }
        default: send(.notFound, "not found\n", "text/plain", context)
        }
    }

    private func send(_ status: HTTPResponseStatus, _ body: String, _ type: String, _ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        let headers = HTTPHeaders([
            ("content-type", type), ("content-length", String(body.utf8.count)), ("connection", "close"),
        ])
        context.write(
            wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }
}
