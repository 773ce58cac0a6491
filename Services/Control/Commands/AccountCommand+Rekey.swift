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

                A zero-access account is named alone, and its present password is needed. Its password, app passwords and
                recovery key stay as they are; sessions that are open end with the exchange, and log in again. Its password and
                app passwords cannot be changed meanwhile.

                EXAMPLE
                  mailkeep account rekey anna@example.org
                  mailkeep account rekey --all
                """)

        @OptionGroup var store: StoreOptions
        @Argument(help: "name@domain") var addresses: [String] = []
        @Flag(help: "Every account, one after the other.") var all = false

        @OptionGroup var present: PresentPassword

        func validate() throws {
            if all != addresses.isEmpty { throw ValidationError("name accounts, or say --all") }
            guard addresses.count == 1 || present.passwordFile == nil else {
                throw ValidationError("a password is that of one account: name it alone")
            }
        }

        func run() async throws {
            let directory = try store.directory([.accounts])
            var accounts: [AccountRecord] = []
            if all { accounts = try await directory.accounts() }
            for address in addresses { accounts.append(try await directory.account(address)) }
            var failures = 0
            for account in accounts {
                guard !account.isZeroAccess || addresses.count == 1 else {
                    say("\(account.address) is a zero-access account: name it alone, its present password is needed")
                    failures += all ? 0 : 1
                    continue
                }
                let password = account.isZeroAccess ? try present.read(of: account) : nil
                if try await !rekey(account, password, in: directory) { failures += 1 }
            }
            if failures > 0 { throw ExitCode.failure }
        }

        /// Says what came of it.
        private func rekey(
            _ account: AccountRecord, _ password: SecretBytes?, in directory: Directory
        ) async throws -> Bool {
            let root = try store.accountsFolder()
            let progress = Progress(account.address)
            do {
                if let password {
                    try await directory.rekey(
                        account.address, password: password, filesIn: root, by: operatorName
                    ) { progress.tell($0) }
                } else {
                    try await directory.rekey(account.id, filesIn: root, by: operatorName) { progress.tell($0) }
                }
                progress.end()
                let file = try directory.currentFile(of: account.id)
                print("\(account.address) has a new key; its file is accounts/\(file).db now.")
                return true
            } catch {
                progress.end()
                say("\(account.address): \((error as? StoreError)?.sentence ?? "\(error)")")
                return false
            }
        }
    }
}
