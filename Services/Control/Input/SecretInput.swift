// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation

/// One line that nobody else may see: from a file, standard input, or typed without echo.
enum SecretInput {
    struct What: Sendable {
        let name: String
        /// Most bytes of the line.
        let limit: Int
        let advice: String
    }

    /// First line of a file; `-` is standard input.
    static func line(of path: String, _ what: What) throws -> SecretBytes {
        if path == "-" { return try firstLine(STDIN_FILENO, what) }
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw Failure("\(path): \(String(cString: strerror(errno)))")
        }
        defer { try? handle.close() }
        return try firstLine(handle.fileDescriptor, what)
    }

    static func ask(_ question: String, _ what: What) throws -> SecretBytes {
        var settings = termios()
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else {
            throw Failure("the terminal cannot be asked for a \(what.name)")
        }
        let before = settings
        settings.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
        FileHandle.standardError.write(Data(question.utf8))
        defer {
            var before = before
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
            FileHandle.standardError.write(Data("\n".utf8))
        }
        return try firstLine(STDIN_FILENO, what)
    }

    /// Up to the first line end, which does not belong to it; a carriage return before it neither.
    private static func firstLine(_ descriptor: Int32, _ what: What) throws -> SecretBytes {
        var bytes = [UInt8](repeating: 0, count: what.limit + 3)
        defer { SecretBytes.wipe(&bytes) }
        var count = 0
        while count < bytes.count, !bytes[..<count].contains(UInt8(ascii: "\n")) {
            let got = bytes.withUnsafeMutableBytes {
                Foundation.read(descriptor, $0.baseAddress! + count, $0.count - count)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw Failure("reading the \(what.name): \(String(cString: strerror(errno)))") }
            if got == 0 { break }
            count += got
        }
        // A part of the bytes, not a copy.
        var end = bytes[..<count].firstIndex(of: UInt8(ascii: "\n")) ?? count
        if end > 0, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        guard end > 0 else { throw Failure("no \(what.name) was given: \(what.advice)") }
        return SecretBytes(bytes[..<end])
    }
}
