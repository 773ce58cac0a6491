// SPDX-License-Identifier: Apache-2.0

/// What a text protocol's session needs of a connection: a `Connection`, or a test without sockets.
package protocol ByteTransport: Sendable {
    var isTLS: Bool { get }
    var canStartTLS: Bool { get }
    /// `nil` at the end. Throws `ConnectionError.timedOut` and `.draining`.
    func read(seconds: Int64) async throws -> [UInt8]?
    func write(_ bytes: [UInt8]) async throws
    /// Sends `reply` in clear; what the client sent before it saw that is gone.
    func startTLS(reply: [UInt8]) async throws
}

extension Connection: ByteTransport {
    package func read(seconds: Int64) async throws -> [UInt8]? {
        try await read(within: .seconds(seconds)).map { bytes in
            defer { bytes.wipe() }
            return Array(bytes.readableBytesView)
        }
    }
}
