// SPDX-License-Identifier: Apache-2.0
import Logging
import NIOCore
import NIOSSL
import Synchronization

/// One client's connection: bytes in, bytes out, TLS.
///
/// One task reads; any task may write. Every wait has a limit.
package final class Connection: ServedConnection {
    /// Short, unique in this process's life; in every log line and in Received.
    package let id: String
    /// The client, not the edge.
    package let peer: PeerAddress
    /// The listener's name, as in `submission`.
    package let listener: String
    package let localPort: Int
    package let logger: Logger

    /// How long a client may take to accept what was written, in seconds.
    package static let writeLimit = TimeAmount.seconds(120)

    private let channel: any Channel
    private let pump: NIOLoopBound<BytePump>
    private let certificates: TLSCertificates?
    private let tls: Mutex<Bool>

    init(_ arrived: Arrived<NIOLoopBound<BytePump>>, certificates: TLSCertificates?) {
        id = arrived.id
        peer = arrived.peer
        listener = arrived.listener.name
        localPort = arrived.localPort
        logger = arrived.logger
        channel = arrived.channel
        pump = arrived.prepared
        self.certificates = certificates
        tls = Mutex(arrived.listener.security == .implicit)
    }

    package var isTLS: Bool { tls.withLock { $0 } }
    package var canStartTLS: Bool { !isTLS && certificates != nil }

    /// The next bytes as they come; `nil` when the client has closed its side.
    ///
    /// Throws `ConnectionError.timedOut`, `.draining` (nothing more is buffered and the service stops: say goodbye), or
    /// what broke the connection. Cancelling the task loses no bytes.
    package func read(within limit: TimeAmount) async throws -> ByteBuffer? {
        try await withTaskCancellationHandler {
            try await channel.eventLoop.flatSubmit { [pump, channel] in
                pump.value.next(within: limit, on: channel.eventLoop)
            }.get()
        } onCancel: {
            channel.eventLoop.execute { [pump] in pump.value.cancelReading() }
        }
    }

    /// Returns when the bytes went to the system; a client that takes longer than `writeLimit` is cut off.
    package func write(_ bytes: ByteBuffer) async throws {
        let promise = channel.eventLoop.makePromise(of: Void.self)
        let limit = channel.eventLoop.scheduleTask(in: Self.writeLimit) { [channel] in channel.close(promise: nil) }
        defer { limit.cancel() }
        channel.writeAndFlush(bytes, promise: promise)
        try await promise.futureResult.get()
    }

    package func write(_ bytes: [UInt8]) async throws { try await write(ByteBuffer(bytes: bytes)) }

    /// Sends `reply` in clear, then goes over to TLS. Everything that the client sent before it saw the reply is
    /// dropped (RFC 3207 section 4.2).
    package func startTLS(reply: [UInt8]) async throws {
        guard let context = certificates?.context else { throw ConnectionError.noCertificate }
        try await channel.eventLoop.submit { [channel, pump] in
            pump.value.discard()
            channel.writeAndFlush(ByteBuffer(bytes: reply), promise: nil)
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context), position: .first)
        }.get()
        tls.withLock { $0 = true }
    }

    /// As in `TLSv1.3`; `nil` without TLS or before the handshake.
    package func tlsVersion() async -> String? {
        guard isTLS, let version = try? await channel.nioSSL_tlsVersion().get() else { return nil }
        return switch version {
        case .tlsv13: "TLSv1.3"
        case .tlsv12: "TLSv1.2"
        default: "TLS"
        }
    }

    package func close() async { try? await channel.close().get() }

    package func drain() { channel.eventLoop.execute { [pump] in pump.value.drain() } }
}

package enum ConnectionError: Error, Equatable {
    case timedOut
    case draining
    case noCertificate
    case twoReaders
}
