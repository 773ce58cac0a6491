// SPDX-License-Identifier: Apache-2.0
import Accounts
import ArgumentParser
import Foundation
import MailStore

extension AccountCommand {
    struct Rekey: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives the files of accounts new keys, beside running services.",
            discussion: """
                For a key that somebody saw (mailkeep account key prints it). Everything is written anew under another key into a
                file of another name, which then takes the old one's place: sessions go on, mail that arrives waits for a
                moment. It needs as much free room as the file has. A run that was cut off is begun anew by the next; the account
                has its old file until then. Backups from before keep what they have: with the recovery key they open as ever.

                EXAMPLE
                  mailkeep account rekey anna@example.org
                  mailkeep account rekey --all
                """)

        @OptionGroup var store: StoreOptions
        @Argument(help: "name@domain") var addresses: [String] = []
        @Flag(help: "Every account, one after the other.") var all = false

        func validate() throws {
            if all != addresses.isEmpty { throw ValidationError("name accounts, or say --all") }
        }

        func run() async throws {
            let directory = try store.directory([.accounts])
            let root = try store.accountsFolder()
            var accounts: [AccountRecord] = []
            if all { accounts = try await directory.accounts() }
            for address in addresses { accounts.append(try await directory.account(address)) }
            var failures = 0
            for account in accounts {
                guard !account.isZeroAccess else {
                    say(
                        "\(account.address) is a zero-access account: it gets a new key by mailkeep account unprotect and "
                            + "mailkeep account protect, which need its password")
                    failures += all ? 0 : 1
                    continue
                }
                let progress = Progress(account.address)
                do {
                    try await directory.rekey(account.id, filesIn: root, by: operatorName) { progress.tell($0) }
                    progress.end()
                    let file = try directory.fileKey(of: account.id).file
                    print("\(account.address) has a new key; its file is accounts/\(file).db now.")
                } catch {
                    progress.end()
                    failures += 1
                    say("\(account.address): \((error as? StoreError)?.sentence ?? "\(error)")")
                }
            }
            if failures > 0 { throw ExitCode.failure }
        }
    }
}
