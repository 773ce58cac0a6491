// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import Metrics
import NIOCore
import ServiceKit
import ServiceLifecycle

/// HTTP/1.1 for the outside: a Hummingbird responder behind our own listeners.
///
/// Hummingbird's own server stops at the first error of an accepted connection, and knows no client behind a proxy and no
/// certificate that is renewed: `ServiceKit.Acceptor` does.
package struct WebServer<Responder: HTTPResponder>: Service where Responder.Context == WebContext {
    private let acceptor: Acceptor<HTTP1Channel.Value, WebConnection>

    /// - Parameters:
    ///   - bound: told once about the port of each listener.
    ///   - responder: answers requests; an error that it throws is a 500 to the client, and a line in the log.
    package init(
        configuration: ServiceConfiguration, listeners: [Listener], certificates: TLSCertificates?,
        limits: WebLimits = WebLimits(), logger: Logger,
        bound: @escaping @Sendable ([String: Int]) -> Void = { _ in }, responder: Responder
    ) {
        let settings = HTTP1Channel.Configuration(
            additionalChannelHandlers: [RequestDeadline(limits.request)], idleTimeout: limits.idle,
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes,
                maxHeaderFieldCount: limits.headerFields))
        acceptor = Acceptor(
            configuration: configuration, listeners: listeners, certificates: certificates, limits: limits.connections,
            logger: logger, bound: bound,
            prepare: { channel in
                HTTP1Channel(responder: { _, _, _ in }, configuration: settings).setup(channel: channel, logger: logger)
            },
            make: WebConnection.init,
            refuse: { _ in },
            session: { connection in
                let http = HTTP1Channel(responder: { request, writer, _ in
                    let expectation = Expectation(request, channel: connection.channel)
                    var response = await connection.answer(expectation?.request ?? request, responder)
                    response.headers[.date] = HTTPDate.now()
                    // Whether the body still comes, nobody knows.
                    let isLast = expectation?.isOpen == true
                    if isLast { response.headers[.connection] = "close" }
                    try await writer.write(response: response.head, body: response.body)
                    if isLast { throw Expectation.Unmet() }
                })
                await http.handle(value: connection.http, logger: connection.logger)
            })
    }

    package func run() async throws { try await acceptor.run() }
}

/// Bounds of a web server. How large a body may be is the responder's, who asks for it.
package struct WebLimits: Sendable {
    package var connections = ConnectionLimits()
    /// All fields of a request's header together, and any one of them.
    package var headerBytes = 32 * 1024
    package var headerFields = 200
    /// For which nothing may come, between requests and inside one.
    package var idle = TimeAmount.seconds(60)
    /// In which a request must be whole, header and body, however steadily it trickles in.
    package var request = TimeAmount.minutes(5)

    package init() {}
}

/// One client's connection; requests on it come one after the other.
struct WebConnection: ServedConnection {
    let id: String
    let peer: PeerAddress
    let logger: Logger
    let http: HTTP1Channel.Value
    private let isTLS: Bool
    fileprivate let channel: any Channel

    init(_ arrived: Arrived<HTTP1Channel.Value>) {
        id = arrived.id
        peer = arrived.peer
        logger = arrived.logger
        http = arrived.prepared
        isTLS = arrived.listener.security == .implicit
        channel = arrived.channel
    }

    /// A request in work is answered; then the connection is closed.
    func drain() { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }

    func close() async { try? await channel.close().get() }

    func answer<Responder: HTTPResponder>(_ request: Request, _ responder: Responder) async -> Response
    where Responder.Context == WebContext {
        let context = WebContext(source: WebContext.Source(logger: logger, peer: peer, isTLS: isTLS))
        let start = ContinuousClock.now
        let response: Response
        do {
            response = try await responder.respond(to: request, context: context)
        } catch let error as any HTTPResponseError {
            response = (try? error.response(from: request, context: context)) ?? Response(status: error.status)
        } catch {
            // A client that left in the middle is no fault of ours, and must not fill the log.
            logger.log(
                level: error.isOfTheConnection ? .debug : .error, "a request failed",
                metadata: ["error": "\(error)", "method": "\(request.method)"])
            response = Response(status: .internalServerError)
        }
        Counter(label: "mailkeep_requests_total", dimensions: [("status", "\(response.status.code)")]).increment()
        logger.debug(
            "request",
            metadata: [
                "method": "\(request.method)", "status": "\(response.status.code)",
                "milliseconds": "\((ContinuousClock.now - start) / .milliseconds(1))",
            ])
        return response
    }
}
