// SPDX-License-Identifier: Apache-2.0

/// Cuts the octets of a client into command lines, message data and chunks.
///
/// The session pulls one event at a time and says after a command what comes next (`expectData`, `expectChunk`), so
/// that pipelined input is read with the meaning that the answer to the command before gave it. Nothing here is ever
/// out of step: what is too long or flawed is read to its true end and reported then.
package struct SMTPFraming: Sendable {
    package enum Event: Equatable, Sendable {
        /// A command line without its CRLF. Only CRLF ends one; a bare LF or CR stays inside, for the parser to refuse.
        case line([UInt8])
        /// A command line beyond the limit; it was dropped up to its CRLF.
        case lineTooLong
        /// Octets of the message, unstuffed. Never empty.
        case data([UInt8])
        /// The message is over. With flaws it must be refused: its octets did not all come out.
        case dataEnd(ContentFlaws)
        /// Octets of a chunk. Never empty.
        case chunk([UInt8])
        /// All octets of the chunk have come.
        case chunkEnd
    }

    private enum Mode {
        case line
        case discardingLine(afterCR: Bool)
        case data(DataReader)
        /// The last octets were handed out; the end comes with the next event.
        case dataEnding(ContentFlaws)
        case chunk(remaining: Int)
    }

    private var mode = Mode.line
    private var buffer: [UInt8] = []
    private var head = 0
    /// Where the search for a CRLF goes on, so that a line that trickles in is not searched again and again.
    private var scanned = 0

    package init() {}

    /// Octets received and not yet handed out.
    package var pending: Int { buffer.count - head }

    package mutating func append(_ bytes: some Collection<UInt8>) {
        if head == buffer.count {
            buffer.removeAll(keepingCapacity: buffer.count <= 65_536)
            head = 0
            scanned = 0
        } else if head > 65_536 {
            buffer.removeSubrange(..<head)
            scanned = max(0, scanned - head)
            head = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// After the answer 354: message data comes next. `limit` is in octets of the unstuffed message.
    package mutating func expectData(limit: Int) {
        mode = .data(DataReader(limit: limit))
    }

    /// After BDAT: `size` octets of any kind come next. `size` may be 0.
    package mutating func expectChunk(size: Int) {
        mode = .chunk(remaining: max(0, size))
    }

    /// Forgets everything received. For STARTTLS: nothing read before the handshake may survive it
    /// (RFC 3207 section 4.2, CVE-2011-0411). Returns the number of octets dropped.
    @discardableResult
    package mutating func discard() -> Int {
        let dropped = pending
        self = SMTPFraming()
        return dropped
    }

    /// The next event; nil when more octets are needed.
    package mutating func next() -> Event? {
        switch mode {
        case .line: return nextLine()
        case .discardingLine(let afterCR): return discardLine(afterCR: afterCR)
        case .data(let reader): return nextData(reader)
        case .dataEnding(let flaws):
            mode = .line
            return .dataEnd(flaws)
        case .chunk(let remaining): return nextChunk(remaining)
        }
    }

    private mutating func nextLine() -> Event? {
        var index = max(head, scanned)
        while index + 1 < buffer.count {
            if buffer[index] == 0x0D, buffer[index + 1] == 0x0A {
                let line = Array(buffer[head..<index])
                // It may have been a password.
                buffer.withUnsafeMutableBufferPointer { $0[head...index + 1].update(repeating: 0) }
                head = index + 2
                scanned = head
                return line.count > SMTPLimits.authenticationLine ? .lineTooLong : .line(line)
            }
            index += 1
        }
        scanned = index
        // The limit, and a CR that may be the beginning of the CRLF.
        if pending > SMTPLimits.authenticationLine + 1 {
            let endsInCR = buffer[buffer.count - 1] == 0x0D
            drop()
            mode = .discardingLine(afterCR: endsInCR)
        }
        return nil
    }

    private mutating func discardLine(afterCR: Bool) -> Event? {
        var afterCR = afterCR
        for index in head..<buffer.count {
            if afterCR, buffer[index] == 0x0A {
                head = index + 1
                scanned = head
                mode = .line
                return .lineTooLong
            }
            afterCR = buffer[index] == 0x0D
        }
        drop()
        mode = .discardingLine(afterCR: afterCR)
        return nil
    }

    private mutating func nextData(_ reader: DataReader) -> Event? {
        guard pending > 0 else { return nil }
        var reader = reader
        var output: [UInt8] = []
        if reader.flaws.isEmpty { output.reserveCapacity(pending) }
        let (consumed, ended) = buffer.withUnsafeBufferPointer { bytes in
            reader.read(UnsafeBufferPointer(rebasing: bytes[head...]), into: &output)
        }
        head += consumed
        scanned = head
        if ended {
            guard output.isEmpty else {
                mode = .dataEnding(reader.flaws)
                return .data(output)
            }
            mode = .line
            return .dataEnd(reader.flaws)
        }
        mode = .data(reader)
        return output.isEmpty ? nil : .data(output)
    }

    private mutating func nextChunk(_ remaining: Int) -> Event? {
        if remaining == 0 {
            mode = .line
            return .chunkEnd
        }
        guard pending > 0 else { return nil }
        let count = min(remaining, pending)
        let piece = Array(buffer[head..<head + count])
        head += count
        scanned = head
        mode = .chunk(remaining: remaining - count)
        return .chunk(piece)
    }

    private mutating func drop() {
        buffer.removeAll(keepingCapacity: false)
        head = 0
        scanned = 0
    }
}
