// SPDX-License-Identifier: Apache-2.0

/// Bytes as they come → whole commands with their literals (RFC 9051 section 4.3, RFC 7888).
///
/// Before a literal is taken the session is asked (`wantsLiteral`), so that size and login are checked before any `+`.
/// After a refusal the stream stays in step: what the client sends all the same is passed over.
package struct IMAPFraming: Sendable {
    /// Bytes of a command without its literals.
    package static let lineLimit = 64 << 10
    /// Literals of one command.
    package static let literalLimit = 1_000

    package enum Event: Sendable, Equatable {
        case command(CommandBytes)
        /// Answer with `acceptLiteral` or `refuseLiteral` before the next call of `next`. With `isSynchronizing` the
        /// client waits for `+`.
        case wantsLiteral(size: Int, isSynchronizing: Bool, soFar: CommandBytes)
        /// The line was too long and was passed over.
        case tooLong(start: CommandBytes)
        /// A line of its own, in place of a command: what IDLE and AUTHENTICATE wait for.
        case line([UInt8])
    }

    private enum State: Sendable {
        case line
        case asked(size: Int, isSynchronizing: Bool)
        case literal(left: Int)
        /// Passing over a refused non-synchronizing literal, then the rest of its command.
        case skip(left: Int)
        case skipLine
    }

    private var buffer: [UInt8] = []
    private var start = 0
    /// Where the search for a line end goes on.
    private var searched = 0
    private var state = State.line
    private var command = CommandBytes()

    package init() {}

    package mutating func append(_ bytes: some Collection<UInt8>) {
        if start > 0, start == buffer.count || start > 1 << 20 {
            buffer.removeFirst(start)
            searched -= start
            start = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// Forgets everything: before a TLS handshake it is an attacker's.
    package mutating func discard() { self = IMAPFraming() }

    /// Whether a command is under way.
    package var isIdle: Bool {
        if case .line = state { return start == buffer.count && command.text.isEmpty }
        return false
    }

    /// The next event; `nil` when more bytes are needed. With `rawLine` the next line is given as it is.
    package mutating func next(rawLine: Bool = false) -> Event? {
        while true {
            switch state {
            case .asked: return nil
            case .literal(let left):
                let taken = min(left, buffer.count - start)
                command.appendToLiteral(buffer[start..<start + taken])
                advance(taken)
                guard taken == left else {
                    state = .literal(left: left - taken)
                    return nil
                }
                state = .line
            case .skip(let left):
                let taken = min(left, buffer.count - start)
                advance(taken)
                guard taken == left else {
                    state = .skip(left: left - taken)
                    return nil
                }
                state = .skipLine
            case .skipLine:
                guard let line = takeLine() else {
                    // nothing of it is kept
                    advance(max(0, buffer.count - start - 64))
                    return nil
                }
                if let literal = Self.literal(at: line), !literal.isSynchronizing {
                    state = .skip(left: literal.size)
                } else {
                    state = .line
                    command = CommandBytes()
                }
            case .line:
                guard let line = takeLine() else {
                    guard buffer.count - start + command.text.count > Self.lineLimit else { return nil }
                    let begun = begin(buffer[start..<min(start + 256, buffer.count)])
                    state = .skipLine
                    return .tooLong(start: begun)
                }
                if rawLine { return .line(line) }
                // A NUL stands for a literal in what we hand on, and has no place in a command.
                guard line.count + command.text.count <= Self.lineLimit, command.literals.count < Self.literalLimit,
                    !line.contains(0)
                else {
                    let begun = begin(line[..<min(256, line.count)])
                    if let literal = Self.literal(at: line), !literal.isSynchronizing {
                        state = .skip(left: literal.size)
                    }
                    command = CommandBytes()
                    return .tooLong(start: begun)
                }
                guard let literal = Self.literal(at: line) else {
                    command.text += line
                    let whole = command
                    command = CommandBytes()
                    return .command(whole)
                }
                command.text += line[..<literal.start]
                state = .asked(size: literal.size, isSynchronizing: literal.isSynchronizing)
                return .wantsLiteral(size: literal.size, isSynchronizing: literal.isSynchronizing, soFar: command)
            }
        }
    }

    package mutating func acceptLiteral() {
        guard case .asked(let size, _) = state else { return }
        command.beginLiteral(size: size)
        state = .literal(left: size)
    }

    /// The command is over; a synchronizing client sends no more of it.
    package mutating func refuseLiteral() {
        guard case .asked(let size, let isSynchronizing) = state else { return }
        command = CommandBytes()
        state = isSynchronizing ? .line : .skip(left: size)
    }

    private func begin(_ more: ArraySlice<UInt8>) -> CommandBytes {
        var begun = command
        if begun.text.isEmpty { begun.text = Array(more) }
        return begun
    }

    private mutating func advance(_ count: Int) {
        start += count
        searched = max(searched, start)
    }

    /// Without its CRLF (a bare LF ends a line too, as clients by hand send it).
    private mutating func takeLine() -> [UInt8]? {
        searched = max(searched, start)
        guard let end = buffer[searched...].firstIndex(of: 0x0A) else {
            searched = buffer.count
            return nil
        }
        var line = Array(buffer[start..<end])
        if line.last == 0x0D { line.removeLast() }
        // It may have been a password.
        buffer.withUnsafeMutableBufferPointer { $0[start...end].update(repeating: 0) }
        advance(end + 1 - start)
        return line
    }

    /// `{123}`, `{123+}`, `~{123}` at the end of a line.
    private static func literal(at line: [UInt8]) -> (start: Int, size: Int, isSynchronizing: Bool)? {
        guard line.last == 0x7D, let open = line.lastIndex(of: 0x7B) else { return nil }
        var digits = line[(open + 1)..<(line.count - 1)]
        let isSynchronizing = digits.last != 0x2B
        if !isSynchronizing { digits.removeLast() }
        guard (1...18).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let size = Int(String(decoding: digits, as: UTF8.self))
        else { return nil }
        let begin = open > 0 && line[open - 1] == 0x7E ? open - 1 : open
        return (begin, size, isSynchronizing)
    }
}

/// One command: its text, in which each literal is a NUL byte (no command has one elsewhere), and the literals.
package struct CommandBytes: Sendable, Equatable {
    package internal(set) var text: [UInt8] = []
    package internal(set) var literals: [[UInt8]] = []

    package init() {}

    /// For tests: a line without literals.
    package init(line: String) { text = Array(line.utf8) }

    /// In one piece from the start: growing would take twice its room.
    mutating func beginLiteral(size: Int) {
        text.append(0)
        var literal: [UInt8] = []
        literal.reserveCapacity(size)
        literals.append(literal)
    }

    mutating func appendToLiteral(_ bytes: ArraySlice<UInt8>) {
        literals[literals.count - 1].append(contentsOf: bytes)
    }
}
