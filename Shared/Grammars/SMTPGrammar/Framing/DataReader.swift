// SPDX-License-Identifier: Apache-2.0

/// Reads what follows `354`: streams the message's octets with dots unstuffed (RFC 5321 section 4.5.2) and finds its
/// end, which is CRLF.CRLF and nothing else.
///
/// The stream starts as if a CRLF had just been read, so `.CRLF` at once is an empty message. The CRLF before the dot
/// belongs to the message. From the first flaw on no more octets come out: the message is lost, the reader stays in
/// step.
package struct DataReader: Sendable {
    private enum State {
        case lineStart
        case dot
        case dotCR
        case text
        case cr
    }

    private var state = State.lineStart
    private let limit: Int

    /// Octets of the message so far, unstuffed; goes on counting after a flaw.
    package private(set) var size = 0
    package private(set) var flaws: ContentFlaws = []

    /// `limit`: the largest size in octets that is not `tooLarge`.
    package init(limit: Int) {
        self.limit = limit
    }

    /// Appends the message's octets found in `input` to `output`. Returns how many octets of the input belong to this
    /// message, and whether its end was among them; what comes behind the end is a command again.
    package mutating func read(
        _ input: UnsafeBufferPointer<UInt8>, into output: inout [UInt8]
    ) -> (consumed: Int, ended: Bool) {
        var index = 0
        while index < input.count {
            let byte = input[index]
            switch state {
            case .lineStart where byte == 0x2E:
                state = .dot
                index += 1
            case .lineStart, .text:
                index += text(from: index, in: input, into: &output)
            case .dot:
                // The dot is dropped: it ends the message or was stuffed.
                if byte == 0x0D {
                    state = .dotCR
                    index += 1
                } else {
                    state = .text
                }
            case .dotCR:
                if byte == 0x0A { return (index + 1, true) }
                flaws.insert(.bareCR)
                state = .text
            case .cr:
                if byte == 0x0A {
                    emit([0x0D, 0x0A], into: &output)
                    state = .lineStart
                    index += 1
                } else {
                    flaws.insert(.bareCR)
                    state = .text
                }
            }
        }
        return (index, false)
    }

    /// A run of ordinary octets and the special one that ends it. Returns the number consumed, at least one.
    private mutating func text(
        from start: Int, in input: UnsafeBufferPointer<UInt8>, into output: inout [UInt8]
    ) -> Int {
        var end = start
        while end < input.count {
            let byte = input[end]
            if byte == 0x0D || byte == 0x0A || byte == 0 { break }
            end += 1
        }
        if end > start {
            emit(input[start..<end], into: &output)
            state = .text
        }
        guard end < input.count else { return end - start }
        switch input[end] {
        case 0x0D:
            state = .cr
        case 0x0A:
            flaws.insert(.bareLF)
            state = .text
        default:
            flaws.insert(.nul)
            state = .text
        }
        return end + 1 - start
    }

    private mutating func emit(_ bytes: some Collection<UInt8>, into output: inout [UInt8]) {
        size += bytes.count
        if size > limit { flaws.insert(.tooLarge) }
        if flaws.isEmpty { output.append(contentsOf: bytes) }
    }
}
