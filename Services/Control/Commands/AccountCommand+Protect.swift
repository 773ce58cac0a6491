// SPDX-License-Identifier: Apache-2.0
import Accounts
import ArgumentParser
import Foundation
import MailStore

extension AccountCommand {
    struct Protect: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes an account a zero-access one: only its own passwords and its recovery key open its mail.",
            discussion: """
                The account's present password is needed. The recovery key is shown once: who loses it and the password has
                lost the mail. App passwords that the account had are removed; make new ones. Sessions that are open end.

                EXAMPLE
                  mailkeep account protect anna@example.org
                """)

        @OptionGroup var store: StoreOptions
        @Argument(help: "name@domain") var address: String
        @Option(help: ArgumentHelp("File with its present password; - is standard input.", valueName: "file"))
        var passwordFile: String?
        @OptionGroup var output: RecoveryKeyOutput

        func run() async throws {
            let directory = try store.directory([.accounts])
            let account = try await directory.account(address)
            guard !account.isZeroAccess else { throw DirectoryError.zeroAccess(account.address) }
            try output.check()
            let password = try PresentPassword.read(passwordFile, of: account)
            let recovery = try await directory.protect(
                account.address, password: password, filesIn: store.accountsFolder(), by: operatorName)
            try output.tell(recovery, of: account)
        }
    }

    struct RecoveryKeyCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "recovery-key",
            abstract: "Makes a new recovery key of a zero-access account; the one before opens nothing any more.",
            discussion: "EXAMPLE\n  mailkeep account recovery-key anna@example.org")

        @OptionGroup var store: StoreOptions
        @Argument(help: "name@domain") var address: String
        @OptionGroup var owner: OwnerOptions
        @OptionGroup var output: RecoveryKeyOutput

        func run() async throws {
            let directory = try store.directory()
            let account = try await directory.account(address)
            guard account.isZeroAccess else { throw DirectoryError.notZeroAccess(account.address) }
            try output.check()
            guard let secret = try owner.secret(of: account) else { throw Failure(OwnerOptions.isClosed(account)) }
            let recovery = try await directory.renewRecoveryKey(of: account.address, owner: secret, by: operatorName)
            try output.tell(recovery, of: account)
        }
    }
}

/// The password that an account has now.
enum PresentPassword {
    static func read(_ file: String?, of account: AccountRecord) throws -> SecretBytes {
        let what = SecretInput.What(
            name: "password", limit: Directory.passwordBytes.upperBound, advice: "use --password-file FILE")
        return file == nil && isatty(STDIN_FILENO) == 1
            ? try SecretInput.ask("Present password of \(account.address): ", what)
            : try SecretInput.line(of: file ?? "-", what)
    }
}

/// Where the recovery key of an account goes.
struct RecoveryKeyOutput: ParsableArguments {
    @Option(help: ArgumentHelp("Write the recovery key to this new file, 0400, and do not show it.", valueName: "file"))
    var recoveryKeyOutput: String?

    /// Before anything is changed: afterwards the key is nowhere else.
    func check() throws {
        guard let path = recoveryKeyOutput else { return }
        try SecretFile.write("", to: path)
        unlink(path)
    }

    func tell(_ key: RecoveryKey, of account: AccountRecord) throws {
        if let path = recoveryKeyOutput {
            do { try SecretFile.write(key.text, to: path) } catch {
                // It must not be lost.
                print(key.text)
                throw error
            }
            say("The recovery key of \(account.address) is in \(path): hand it to its owner.")
        } else {
            print(key.text)
            say(
                "This is the recovery key of \(account.address). Its owner writes it down now and keeps it away from this "
                    + "server: it is not shown again.")
        }
    }
}
