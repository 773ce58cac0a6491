// SPDX-License-Identifier: Apache-2.0
import Accounts
import ArgumentParser
import Foundation
import MailStore

struct AccountCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account", abstract: "Accounts: people who have a mailbox here.",
        subcommands: [
            Add.self, List.self, Show.self, Remove.self, Password.self, AppPasswordCommand.self, Quota.self,
            Disable.self, Enable.self, Administrator.self, Protect.self, Unprotect.self, RecoveryKeyCommand.self,
            Key.self, Rekey.self, Check.self, Salvage.self,
        ])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds an account with INBOX, Drafts, Sent, Archive, Junk and Trash.",
            discussion: """
                The password comes from --password-file, from standard input, or is asked for.

                EXAMPLE
                  mailkeep account add anna@example.org --name "Anna" --generate
                  printf '%s' "$password" | mailkeep account add anna@example.org --password-file -
                """)

        @OptionGroup var store: StoreOptions
        @Argument(help: "name@domain") var address: String
        @Option(help: "Name as people read it.") var name = ""
        @Flag(help: "Gets postmaster@ and abuse@ of its domain, sees the administration pages.")
        var administrator = false
        @OptionGroup var password: PasswordOptions

        func run() async throws {
            let directory = try store.directory([.accounts])
            let root = try store.accountsFolder()
            let (secret, generated) = try password.read()
            let account = try await directory.addAccount(
                address, displayName: name, isAdministrator: administrator, password: secret, filesIn: root,
                by: operatorName)
            if let generated { print(generated) }
            say("\(account.address) is added.")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists accounts, all or those of one domain.",
            discussion: "EXAMPLE\n  mailkeep account list example.org --json")

        @OptionGroup var store: StoreOptions
        @Argument var domain: String?
        @Flag(help: "Print JSON.") var json = false

        private struct Line: Encodable {
            let address, id, name, created, file: String
            let disabled, administrator, zeroAccess: Bool
            let quota: Int?

            var states: String {
                [disabled ? "disabled" : "", administrator ? "administrator" : "", zeroAccess ? "zero-access" : ""]
                    .filter { !$0.isEmpty }.joined(separator: ", ")
            }
        }

        func run() async throws {
            let directory = try store.directory()
            let files = try await directory.currentFiles()
            let lines = try await directory.accounts(of: domain).map {
                Line(
                    address: $0.address, id: $0.id.description, name: $0.displayName, created: timestamp($0.created),
                    file: files[$0.id].map { "accounts/\($0).db" } ?? "", disabled: $0.isDisabled,
                    administrator: $0.isAdministrator, zeroAccess: $0.isZeroAccess, quota: $0.limit)
            }
            if json { return try JSONOption.print(lines) }
            Table(
                head: ["ADDRESS", "NAME", "STATE", "QUOTA", "ADDED", "FILE"],
                rows: lines.map {
                    [
                        $0.address, $0.name, $0.states, quotaText($0.quota), $0.created, $0.file,
                    ]
                }
            ).print()
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Removes an account with all its mail; there is no way back.",
            discussion: "EXAMPLE\n  mailkeep account remove anna@example.org --yes")

        @OptionGroup var store: StoreOptions
        @Argument(help: "name@domain") var address: String
        @Flag(help: "Do not ask.") var yes = false

        func run() async throws {
            let directory = try store.directory()
            let root = try store.accountsFolder()
            let account = try await directory.account(address)
            if !yes {
                guard isatty(STDIN_FILENO) == 1 else {
                    throw Failure("this deletes all mail of \(account.address); if that is meant, add --yes")
                }
                FileHandle.standardError.write(
                    Data("This deletes all mail of \(account.address). Type the address again: ".utf8))
                guard readLine() == account.address else {
                    throw Failure("that is another address; nothing was removed")
                }
            }
            try await directory.removeAccount(address, filesIn: root, by: operatorName)
            print("\(account.address) is removed, with all its mail.")
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stops logins and mail for an account; what it has stays.",
            discussion: "EXAMPLE\n  mailkeep account disable anna@example.org")

        @OptionGroup var store: StoreOptions
        @Argument(help: "name@domain") var address: String

        func run() async throws {
            try await store.directory().setDisabled(address, true, by: operatorName)
            print("\(address) is disabled.")
        }
    }

    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets a disabled account work again.",
            discussion: "EXAMPLE\n  mailkeep account enable anna@example.org")

        @OptionGroup var store: StoreOptions
        @Argument(help: "name@domain") var address: String

        func run() async throws {
            try await store.directory().setDisabled(address, false, by: operatorName)
            print("\(address) is enabled.")
        }
    }

    struct Administrator: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes an account an administrator, or ends that.",
            discussion: "EXAMPLE\n  mailkeep account administrator anna@example.org --off")

        @OptionGroup var store: StoreOptions
        @Argument(help: "name@domain") var address: String
        @Flag(help: "Is no administrator any more.") var off = false

        func run() async throws {
            try await store.directory().setAdministrator(address, !off, by: operatorName)
            print("\(address) is \(off ? "no administrator any more" : "an administrator").")
        }
    }

    struct Key: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Prints the raw key of an account's file as 64 hex digits.",
            discussion: """
                Any tool with SQLite3 Multiple Ciphers opens the file with it: PRAGMA cipher='chacha20'; PRAGMA key='raw:…'.
                Whoever has the key and the file reads all mail of the account. That of a zero-access account comes out
                with its password or its recovery key alone.

                EXAMPLE
                  mailkeep account key anna@example.org
                  mailkeep account key bert@example.org --own-password-file password.txt
                """)

        @OptionGroup var store: StoreOptions
        @Argument(help: "name@domain") var address: String
        @OptionGroup var owner: OwnerOptions

        func run() async throws {
            let directory = try store.directory([.accounts])
            let account = try await directory.account(address)
            let hold = try await owner.open(account, in: directory)
            print(try directory.fileKey(of: account.id).key.hex)
            hold?.release()
        }
    }
}
