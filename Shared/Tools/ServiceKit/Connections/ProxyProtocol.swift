// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// The header of the PROXY protocol, version 2: 12 bytes of signature, 4 of version, family and length, then addresses.
package enum ProxyProtocol {
    static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
    /// Addresses and extensions; what HAProxy sends is far below.
    static let maximumLength = 1_024

    package enum Parsed: Equatable {
        case needMore
        case malformed
        /// `nil` for LOCAL: the proxy's own health check. `length` bytes of header.
        case header(source: IPAddress?, port: Int, length: Int)
    }

    package static func parse(_ bytes: some Collection<UInt8>) -> Parsed {
        let bytes = Array(bytes.prefix(16 + maximumLength))
        guard bytes.prefix(12).elementsEqual(signature.prefix(bytes.count)) else { return .malformed }
        guard bytes.count >= 16 else { return .needMore }
        let length = Int(bytes[14]) << 8 | Int(bytes[15])
        guard bytes[12] >> 4 == 2, length <= maximumLength else { return .malformed }
        guard bytes.count >= 16 + length else { return .needMore }
        switch (bytes[12] & 0x0F, bytes[13]) {
        case (0, _):
            return .header(source: nil, port: 0, length: 16 + length)
        case (1, 0x11) where length >= 12:
            return .header(
                source: IPAddress(bytes: Array(bytes[16..<20])), port: Int(bytes[24]) << 8 | Int(bytes[25]),
                length: 16 + length)
        case (1, 0x21) where length >= 36:
            return .header(
                source: IPAddress(bytes: Array(bytes[16..<32])), port: Int(bytes[48]) << 8 | Int(bytes[49]),
                length: 16 + length)
        default:
            return .malformed
        }
    }
}

/// Takes the header off the front of a connection from a trusted proxy, then leaves the pipeline.
final class ProxyProtocolHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    struct Malformed: Error {}

    private var buffer = ByteBuffer()
    private let found: EventLoopPromise<PeerAddress?>
    private var done = false

    /// `found` gets the client's address, `nil` for the proxy's own connections, or `Malformed`.
    init(found: EventLoopPromise<PeerAddress?>) { self.found = found }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var part = unwrapInboundIn(data)
        if done {
            context.fireChannelRead(data)
            return
        }
        buffer.writeBuffer(&part)
        switch ProxyProtocol.parse(buffer.readableBytesView) {
        case .needMore: break
        case .malformed:
            done = true
            found.fail(Malformed())
            context.close(promise: nil)
        case .header(let source, let port, let length):
            done = true
            buffer.moveReaderIndex(forwardBy: length)
            found.succeed(source.map { PeerAddress(ip: $0, port: port) })
            if buffer.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(buffer)) }
            context.fireChannelReadComplete()
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !done {
            done = true
            found.fail(Malformed())
        }
        context.fireChannelInactive()
    }
}
