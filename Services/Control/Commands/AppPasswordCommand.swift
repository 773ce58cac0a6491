// SPDX-License-Identifier: Apache-2.0
import Accounts
import ArgumentParser
import Foundation

struct AppPasswordCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "app-password",
        abstract: "App passwords: one for each program or device, made here, removable at once.",
        discussion: """
            They are for mail, calendars and contacts (IMAP, POP3, SMTP, CalDAV, CardDAV), not for the web pages, and change
            nothing about the account.
            """,
        subcommands: [Add.self, List.self, Remove.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes an app password and prints it, this once.",
            discussion: """
                A zero-access account is opened by it, so its password or its recovery key is needed to make one.

                EXAMPLE
                  mailkeep account app-password add anna@example.org "Anna's phone"
                """)

        @OptionGroup var store: StoreOptions
        @Argument(help: "name@domain") var address: String
        @Argument(help: "What it is for, as its list shows it.") var label: String
        @OptionGroup var owner: OwnerOptions

        func run() async throws {
            let directory = try store.directory()
            let account = try await directory.account(address)
            let secret = try owner.secret(of: account)
            guard secret != nil || !account.isZeroAccess else { throw Failure(OwnerOptions.isClosed(account)) }
            let password = try await directory.addAppPassword(
                of: account.address, label: label, owner: secret, by: operatorName)
            print(password.text)
            say("This app password of \(account.address) is not shown again.")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the app passwords of an account, and the day of the last login with each.",
            discussion: "EXAMPLE\n  mailkeep account app-password list anna@example.org --json")

        @OptionGroup var store: StoreOptions
        @Argument(help: "name@domain") var address: String
        @Flag(help: "Print JSON.") var json = false

        private struct Line: Encodable {
            let label, made: String
            /// None: never.
            let used: String?
        }

        func run() async throws {
            let lines = try await store.directory().appPasswords(of: address).map {
                Line(
                    label: $0.label, made: timestamp($0.created), used: $0.used.map { String(timestamp($0).prefix(10)) }
                )
            }
            if json { return try JSONOption.print(lines) }
            Table(
                head: ["MADE", "LAST USED", "FOR"], rows: lines.map { [$0.made, $0.used ?? "never", $0.label] }
            ).print()
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Removes an app password: it logs nobody in any more.",
            discussion: "EXAMPLE\n  mailkeep account app-password remove anna@example.org \"Anna's phone\"")

        @OptionGroup var store: StoreOptions
        @Argument(help: "name@domain") var address: String
        @Argument(help: "Its name, as listed.") var label: String

        func run() async throws {
            let directory = try store.directory()
            let account = try await directory.account(address)
            try await directory.removeAppPassword(of: account.address, label: label, by: operatorName)
            print("The app password “\(label)” of \(account.address) is removed.")
        }
    }
}
