// SPDX-License-Identifier: Apache-2.0

import DNSClient
import Logging
import NIOSSL
import OutgoingQueue
import SMTPGrammar

/// One attempt for one batch: servers in their order, until each recipient has a result.
package struct BatchDelivery: Sendable {
    private let finder: RouteFinder
    private let loop: ClientLoop
    private let signer: any MessageSigner
    private let logger: Logger

    /// - Parameters:
    ///   - hostname: how we say hello.
    ///   - port: of other servers, 25 in the world.
    package init(
        hostname: String, port: Int, resolver: any Resolver, policy: AddressPolicy, signer: any MessageSigner,
        logger: Logger
    ) throws {
        finder = RouteFinder(resolver: resolver, policy: policy)
        // Opportunistic (RFC 3207): TLS of any kind is better than none, and there is nobody to prove a name.
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .none
        tls.minimumTLSVersion = .tlsv1
        loop = ClientLoop(hello: hostname, port: port, tls: try NIOSSLContext(configuration: tls))
        self.signer = signer
        self.logger = logger
    }

    /// - Parameter mayStillSend: asked right before the message goes out; false when somebody else has the batch now.
    /// - Returns: results by delivery id; one that is missing was not tried.
    package func attempt(
        _ batch: Batch, content: [UInt8], mayStillSend: @Sendable () async -> Bool
    ) async -> [Int64: AttemptResult] {
        var results: [Int64: AttemptResult] = [:]
        func all(_ result: AttemptResult) -> [Int64: AttemptResult] {
            for delivery in batch.deliveries where results[delivery.id] == nil { results[delivery.id] = result }
            return results
        }
        guard let reversePath = Self.reversePath(batch.reversePath) else {
            return all(AttemptResult(.failed, status: "5.1.7", reply: "the sender's address cannot be written"))
        }
        var waiting: [(id: Int64, path: ForwardPath)] = []
        for delivery in batch.deliveries {
            if let mailbox = PathParser.mailbox(Array(delivery.recipient.utf8)[...]) {
                waiting.append((delivery.id, .mailbox(mailbox)))
            } else {
                results[delivery.id] = AttemptResult(.failed, status: "5.1.3", reply: "the address cannot be written")
            }
        }
        let servers: [Route.Server]
        switch await finder.route(to: batch.domain) {
        case .servers(let found): servers = found
        case .failed(let status, let reply): return all(AttemptResult(.failed, status: status, reply: reply))
        case .deferred(let status, let reply): return all(AttemptResult(.deferred, status: status, reply: reply))
        }
        let signed: [UInt8]
        do {
            signed = try await signer.signatures(of: content) + content
        } catch {
            logger.error("cannot sign", metadata: ["message": "\(batch.message)", "error": "\(error)"])
            return all(AttemptResult(.deferred, status: "4.3.0", reply: "signing is not possible just now"))
        }
        var last = AttemptResult(.deferred, status: "4.4.1", reply: "no server answered")
        for server in servers where !waiting.isEmpty {
            let outcome = await converse(batch, reversePath, waiting, signed, server, mayStillSend)
            for (id, result) in outcome.results {
                var result = result
                result.host = server.description
                results[id] = result
            }
            waiting.removeAll { results[$0.id] != nil }
            switch outcome.failure {
            case nil, .tlsFailed: continue
            case .serverUnusable(let status, let reply):
                last = AttemptResult(.deferred, host: server.description, status: status, reply: reply)
            case .interrupted(let status, let reply):
                if Task.isCancelled { return results }
                return all(AttemptResult(.deferred, host: server.description, status: status, reply: reply))
            }
            if Task.isCancelled { return results }
        }
        return all(last)
    }

    /// With TLS where it is offered; without, when that failed.
    private func converse(
        _ batch: Batch, _ reversePath: ReversePath, _ recipients: [(id: Int64, path: ForwardPath)], _ content: [UInt8],
        _ server: Route.Server, _ mayStillSend: @Sendable () async -> Bool
    ) async -> ClientOutcome {
        let transaction = ClientTransaction(
            reversePath: reversePath, recipients: recipients, size: content.count,
            isEightBit: content.contains { $0 >= 0x80 }, needsSMTPUTF8: batch.needsSMTPUTF8)
        let outcome = await loop.run(
            transaction, content: content, server: server, mayUseTLS: true, mayStillSend: mayStillSend)
        guard outcome.failure == .tlsFailed, !Task.isCancelled else { return outcome }
        logger.notice("TLS failed, sending in clear", metadata: ["server": "\(server.description)"])
        return await loop.run(
            transaction, content: content, server: server, mayUseTLS: false, mayStillSend: mayStillSend)
    }

    private static func reversePath(_ text: String) -> ReversePath? {
        text.isEmpty ? .null : PathParser.mailbox(Array(text.utf8)[...]).map { .mailbox($0) }
    }
}
