// SPDX-License-Identifier: Apache-2.0

/// Cuts what a client sends into lines, with a bound. A line ends with LF; a CR before it belongs to the end.
package struct LineReader: Sendable {
    package enum Event: Sendable, Equatable {
        /// Without its end.
        case line([UInt8])
        /// Longer than the limit; all of it is passed over.
        case tooLong
    }

    /// RFC 2449 section 4: a command has at most 255 octets; an AUTH with its response is longer (RFC 5034 section 4).
    package static let limit = 12_288

    private var buffer: [UInt8] = []
    private var start = 0
    /// Where the search for a line end goes on, so that a line that trickles in is not searched again and again.
    private var searched = 0
    private var isSkipping = false

    package init() {}

    package mutating func append(_ bytes: [UInt8]) {
        if start > 0 {
            buffer.removeFirst(start)
            searched -= start
            start = 0
        }
        buffer += bytes
    }

    /// Forgets what was not read (STLS).
    package mutating func discard() { self = LineReader() }

    /// `nil`: more bytes are needed.
    package mutating func next() -> Event? {
        guard let end = buffer[searched...].firstIndex(of: 0x0A) else {
            searched = buffer.count
            if buffer.count - start > Self.limit {
                isSkipping = true
                buffer = []
                (start, searched) = (0, 0)
            }
            return nil
        }
        var line = Array(buffer[start..<end])
        // It may have been a password.
        buffer.withUnsafeMutableBufferPointer { $0[start...end].update(repeating: 0) }
        start = end + 1
        searched = start
        if isSkipping || line.count > Self.limit {
            isSkipping = false
            return .tooLong
        }
        if line.last == 0x0D { line.removeLast() }
        return .line(line)
    }
}
