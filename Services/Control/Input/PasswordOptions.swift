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
        if let passwordFile { return (try SecretInput.line(of: passwordFile, Self.what), nil) }
        guard isatty(STDIN_FILENO) == 1 else { return (try SecretInput.line(of: "-", Self.what), nil) }
        let first = try SecretInput.ask("Password: ", Self.what)
        let second = try SecretInput.ask("Once more: ", Self.what)
        let isSame = first.withBytes { a in second.withBytes { b in a.elementsEqual(b) } }
        guard isSame else { throw Failure("the two passwords differ; nothing was changed") }
        return (first, nil)
    }

    private static let what = SecretInput.What(
        name: "password", limit: Directory.passwordBytes.upperBound,
        advice: "use --password-file FILE, standard input or --generate")
}
