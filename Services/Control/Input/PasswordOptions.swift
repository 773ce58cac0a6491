// SPDX-License-Identifier: Apache-2.0
import Accounts
import ArgumentParser
import Foundation

/// Where a new password comes from; never from the command line, which other users can see.
struct PasswordOptions: ParsableArguments {
    @Option(help: ArgumentHelp("File with the password on its first line; - is standard input.", valueName: "file"))
    var passwordFile: String?

    @Flag(help: "Make a password and print it.")
    var generate = false

    func validate() throws {
        if generate, passwordFile != nil { throw ValidationError("--generate and --password-file exclude each other.") }
    }

    /// - Returns: the password, and its text when it was made here and has to be told.
    func read() throws -> (SecretBytes, generated: String?) {
        if generate {
            let text = GeneratedPassword.make()
            return (SecretBytes(text.utf8), text)
        }
        if let passwordFile, passwordFile != "-" {
            guard let handle = FileHandle(forReadingAtPath: passwordFile) else {
                throw Failure("\(passwordFile): \(String(cString: strerror(errno)))")
            }
            defer { try? handle.close() }
            return (try firstLine(handle.fileDescriptor), nil)
        }
        guard passwordFile == nil, isatty(STDIN_FILENO) == 1 else { return (try firstLine(STDIN_FILENO), nil) }
        let first = try prompt("Password: ")
        let second = try prompt("Once more: ")
        let isSame = first.withBytes { a in second.withBytes { b in a.elementsEqual(b) } }
        guard isSame else { throw Failure("the two passwords differ; nothing was changed") }
        return (first, nil)
    }

    private func prompt(_ text: String) throws -> SecretBytes {
        var settings = termios()
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else {
            throw Failure("the terminal cannot be asked for a password")
        }
        let before = settings
        settings.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
        FileHandle.standardError.write(Data(text.utf8))
        defer {
            var before = before
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
            FileHandle.standardError.write(Data("\n".utf8))
        }
        return try firstLine(STDIN_FILENO)
    }

    /// Up to the first line end, which does not belong to it; a carriage return before it neither.
    private func firstLine(_ descriptor: Int32) throws -> SecretBytes {
        var bytes = [UInt8](repeating: 0, count: Directory.passwordBytes.upperBound + 3)
        defer { SecretBytes.wipe(&bytes) }
        var count = 0
        while count < bytes.count, !bytes[..<count].contains(UInt8(ascii: "\n")) {
            let got = bytes.withUnsafeMutableBytes {
                Foundation.read(descriptor, $0.baseAddress! + count, $0.count - count)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw Failure("reading the password: \(String(cString: strerror(errno)))") }
            if got == 0 { break }
            count += got
        }
        var line = bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        guard !line.isEmpty else {
            throw Failure("no password was given: use --password-file FILE, standard input or --generate")
        }
        return SecretBytes(line)
    }
}

/// Four groups of five letters and digits: 100 bits.
enum GeneratedPassword {
    /// Without those that look like others: 32.
    private static let alphabet = Array("abcdefghijkmnpqrstuvwxyz23456789")

    static func make() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<4).map { _ in String((0..<5).map { _ in alphabet.randomElement(using: &generator)! }) }
            .joined(separator: "-")
    }
}
