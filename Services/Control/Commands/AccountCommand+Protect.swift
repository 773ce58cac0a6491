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
                The account's file is written anew under another key, beside running services: it needs as much free room.

                EXAMPLE
                  mailkeep account protect anna@example.org
                """)

        @OptionGroup var store: StoreOptions
        @Argument(help: "name@domain") var address: String
        @OptionGroup var present: PresentPassword
        @OptionGroup var output: RecoveryKeyOutput

        func run() async throws {
            let directory = try store.directory([.accounts])
            let account = try await directory.account(address)
            guard !account.isZeroAccess else { throw DirectoryError.zeroAccess(account.address) }
            try output.check()
            let password = try present.read(of: account)
            let progress = Progress(account.address)
            let recovery: RecoveryKey
            do {
                recovery = try await directory.protect(
                    account.address, password: password, filesIn: store.accountsFolder(), by: operatorName
                ) { progress.tell($0) }
            } catch {
                progress.end()
                throw Failure("\(account.address): \((error as? StoreError)?.sentence ?? "\(error)")")
            }
            progress.end()
            try output.tell(recovery, of: account)
        }
    }

    struct Unprotect: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a zero-access account an ordinary one again: the keys of this server open its mail.",
            discussion: """
                The account's present password is needed. Its password and its app passwords stay as they are.

                EXAMPLE
                  mailkeep account unprotect anna@example.org
                """)

        @OptionGroup var store: StoreOptions
        @Argument(help: "name@domain") var address: String
        @OptionGroup var present: PresentPassword

        func run() async throws {
            let directory = try store.directory([.accounts])
            let account = try await directory.account(address)
            let password = try present.read(of: account)
            let refused: Int
            do {
                refused = try await directory.unprotect(
                    account.address, password: password, filesIn: store.accountsFolder(), by: operatorName)
            } catch let error as StoreError {
                throw Failure(
                    "\(account.address): \(error.sentence). What waits for it is not filed yet: run this again")
            }
            print("\(account.address) is an ordinary account again.")
            if refused > 0 { say("\(refused) sealed messages do not open and were left where they are.") }
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
struct PresentPassword: ParsableArguments {
    @Option(help: ArgumentHelp("File with its present password; - is standard input.", valueName: "file"))
    var passwordFile: String?

    func read(of account: AccountRecord) throws -> SecretBytes {
        let what = SecretInput.What(
            name: "password", limit: Directory.passwordBytes.upperBound, advice: "use --password-file FILE")
        return passwordFile == nil && isatty(STDIN_FILENO) == 1
            ? try SecretInput.ask("Present password of \(account.address): ", what)
            : try SecretInput.line(of: passwordFile ?? "-", what)
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
