// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Walks a message line by line, once, and counts the lines.
struct LineReader {
    struct Line {
        /// Without the line end.
        let content: Range<Int>
        /// Behind the line end.
        let end: Int
    }

    private let message: [UInt8]
    private let limit: Int
    private(set) var position: Int
    /// Line ends seen.
    private(set) var lines = 0

    init(_ message: [UInt8], in range: Range<Int>) {
        self.message = message
        limit = min(range.upperBound, message.count)
        position = min(range.lowerBound, limit)
    }

    /// The line at `position`; `nil` at the end.
    func peek() -> Line? {
        guard position < limit else { return nil }
        let found = message.withUnsafeBytes { bytes -> Int? in
            memchr(bytes.baseAddress! + position, 0x0A, limit - position).map {
                $0 - UnsafeMutableRawPointer(mutating: bytes.baseAddress!)
            }
        }
        guard let feed = found else { return Line(content: position..<limit, end: limit) }
        let end = feed > position && message[feed - 1] == 0x0D ? feed - 1 : feed
        return Line(content: position..<end, end: feed + 1)
    }

    mutating func consume(_ line: Line) {
        if line.end > line.content.upperBound { lines += 1 }
        position = line.end
    }
}
