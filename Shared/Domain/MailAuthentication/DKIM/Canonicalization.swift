// SPDX-License-Identifier: Apache-2.0
import Crypto

/// How header fields and bodies are brought into the form that is signed (RFC 6376 section 3.4). Lines end in CRLF.
enum Canonicalization: String, Sendable {
    case simple, relaxed

    /// `raw`: the whole field with its last CRLF, which the result has too.
    func field(_ raw: some Collection<UInt8>) -> [UInt8] {
        switch self {
        case .simple: Array(raw)
        case .relaxed: Self.relaxedField(raw)
        }
    }

    /// Section 3.4.2: `name:value` CRLF.
    private static func relaxedField(_ raw: some Collection<UInt8>) -> [UInt8] {
        guard let colon = raw.firstIndex(of: 0x3A) else { return [] }
        var output: [UInt8] = []
        output.reserveCapacity(raw.count)
        for byte in raw[..<colon] where !isBlank(byte) {
            output.append((0x41...0x5A).contains(byte) ? byte | 0x20 : byte)
        }
        output.append(0x3A)
        let start = output.count
        var wasBlank = false
        for byte in raw[raw.index(after: colon)...] where byte != 0x0D && byte != 0x0A {
            if isBlank(byte) {
                wasBlank = true
                continue
            }
            if wasBlank, output.count > start { output.append(0x20) }
            wasBlank = false
            output.append(byte)
        }
        return output + [0x0D, 0x0A]
    }

    /// SHA-256 of the canonical body, or of its first `limit` octets; nil when it has fewer than that.
    func bodyHash(_ body: ArraySlice<UInt8>, limit: Int? = nil) -> [UInt8]? {
        var sink = BodySink(left: limit)
        switch self {
        case .simple: Self.simpleBody(body, into: &sink)
        case .relaxed: Self.relaxedBody(body, into: &sink)
        }
        return sink.finish()
    }

    /// Section 3.4.3: empty lines at the end away, one CRLF at least.
    private static func simpleBody(_ body: ArraySlice<UInt8>, into sink: inout BodySink) {
        var end = body.endIndex
        while end - body.startIndex >= 2, body[end - 2] == 0x0D, body[end - 1] == 0x0A { end -= 2 }
        sink.write(body[..<end])
        sink.write([0x0D, 0x0A])
    }

    /// Section 3.4.4: as simple, but nothing at all for an empty body; runs of blanks are one, none at the end of a
    /// line.
    private static func relaxedBody(_ body: ArraySlice<UInt8>, into sink: inout BodySink) {
        var wasBlank = false
        var isEmptyLine = true
        var emptyLines = 0
        for byte in body {
            switch byte {
            case 0x0D: continue
            case 0x0A:
                wasBlank = false
                if isEmptyLine { emptyLines += 1 } else { sink.endLine() }
                isEmptyLine = true
            case 0x20, 0x09: wasBlank = true
            default:
                if isEmptyLine {
                    for _ in 0..<emptyLines { sink.endLine() }
                    emptyLines = 0
                    isEmptyLine = false
                }
                if wasBlank { sink.write(0x20) }
                wasBlank = false
                sink.write(byte)
            }
        }
        if !isEmptyLine { sink.endLine() }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}

/// Hashes what is written, in pieces, so that a body never lies in memory a second time.
private struct BodySink {
    private static let piece = 32_768

    private var hash = SHA256()
    private var waiting: [UInt8] = []
    /// Octets that are still hashed; nil: all.
    private var left: Int?

    init(left: Int?) {
        self.left = left
        waiting.reserveCapacity(Self.piece)
    }

    mutating func write(_ byte: UInt8) {
        waiting.append(byte)
        if waiting.count >= Self.piece { flush() }
    }

    mutating func endLine() {
        write(0x0D)
        write(0x0A)
    }

    mutating func write(_ bytes: ArraySlice<UInt8>) {
        flush()
        hashed(bytes)
    }

    mutating func finish() -> [UInt8]? {
        flush()
        if let left, left > 0 { return nil }
        return Array(hash.finalize())
    }

    private mutating func flush() {
        hashed(waiting[...])
        waiting.removeAll(keepingCapacity: true)
    }

    private mutating func hashed(_ bytes: ArraySlice<UInt8>) {
        let taken = bytes.prefix(left ?? bytes.count)
        if let known = left { left = known - taken.count }
        taken.withUnsafeBytes { hash.update(bufferPointer: $0) }
    }
}
