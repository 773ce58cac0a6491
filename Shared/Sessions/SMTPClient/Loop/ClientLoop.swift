// SPDX-License-Identifier: Apache-2.0

import NIOSSL
import SMTPGrammar

/// Carries octets between a `ClientSession` and a socket.
struct ClientLoop: Sendable {
    let hello: String
    let port: Int
    let tls: NIOSSLContext

    /// One conversation with one server. Cancelling the task ends it.
    /// - Parameter mayStillSend: asked right before the message goes out.
    func run(
        _ transaction: ClientTransaction, content: [UInt8], server: Route.Server, mayUseTLS: Bool,
        mayStillSend: @Sendable () async -> Bool
    ) async -> ClientOutcome {
        let channel: ClientChannel
        do {
            channel = try await ClientChannel.connect(to: server.address.description, port: port)
        } catch {
            var outcome = ClientOutcome()
            outcome.failure = .serverUnusable(status: "4.4.1", reply: "no connection: \(error)")
            return outcome
        }
        defer { channel.close() }
        var session = ClientSession(hello: hello, transaction: transaction, mayUseTLS: mayUseTLS)
        var parser = SMTPReplyParser()
        while true {
            var event = await next(&parser, channel, seconds: session.timeout)
            var done = false
            // Writing may itself bring the next event.
            while let current = event {
                event = nil
                for action in session.handle(current) {
                    switch action {
                    case .send(let commands):
                        let bytes = commands.flatMap { $0.encoded() }
                        if !(await channel.write(bytes, seconds: session.timeout)) { event = .lost("while sending") }
                    case .startTLS:
                        // Octets in clear behind the answer to STARTTLS are somebody else's (RFC 3207 section 6).
                        if parser.hasPendingInput {
                            event = .lost("octets in clear before TLS")
                        } else if !(await channel.startTLS(tls, host: server.host)) {
                            event = .lost("TLS")
                        }
                    case .sendContent:
                        guard await mayStillSend() else {
                            event = .contentWithheld
                            break
                        }
                        event = await send(content, channel) ? .contentSent : .lost("while sending the message")
                    case .close: done = true
                    }
                    if event != nil { break }
                }
            }
            if done { return session.outcome }
        }
    }

    private func next(
        _ parser: inout SMTPReplyParser, _ channel: ClientChannel, seconds: Int
    ) async -> ClientSession.Event? {
        let deadline = ContinuousClock.now + .seconds(seconds)
        do {
            while true {
                if let reply = try parser.next() { return .reply(reply) }
                let left = ContinuousClock.now.duration(to: deadline).components.seconds
                guard left >= 0 else { return .timedOut }
                switch await channel.read(seconds: max(1, Int(left))) {
                case .bytes(let bytes): parser.append(bytes)
                case .closed(let reason): return .lost(reason)
                case .timedOut: return .timedOut
                }
            }
        } catch {
            return .lost("an answer that cannot be read")
        }
    }

    private func send(_ content: [UInt8], _ channel: ClientChannel) async -> Bool {
        var encoder = DataEncoder()
        var start = 0
        while start < content.count {
            let end = min(start + ClientLimits.contentBlock, content.count)
            let bytes = encoder.encode(content[start..<end])
            guard await channel.write(bytes, seconds: ClientLimits.contentBlockSeconds) else { return false }
            start = end
        }
        return await channel.write(encoder.finish(), seconds: ClientLimits.contentBlockSeconds)
    }
}
