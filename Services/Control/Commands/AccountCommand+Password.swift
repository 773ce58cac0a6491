// SPDX-License-Identifier: Apache-2.0
import Accounts
import ArgumentParser
import Foundation

extension AccountCommand {
    struct Password: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Gives an account a new password.",
            discussion: """
                The file of a zero-access account opens with its present password or its recovery key alone: one of them
                is needed, and everything stays as it is. Where both are lost, --lose-old-mail gives the account a new
                password and an empty file: what it had, and mail that waits for it, opens no more.

                EXAMPLE
                  mailkeep account password anna@example.org --generate
                  mailkeep account password bert@example.org --generate --recovery-key-file key.txt
                """)

        @OptionGroup var store: StoreOptions
        @Argument(help: "name@domain") var address: String
        @OptionGroup var password: PasswordOptions
        @OptionGroup var owner: OwnerOptions
        @Flag(help: "Of a zero-access account whose password and recovery key are lost: begins anew, empty.")
        var loseOldMail = false
        @OptionGroup var output: RecoveryKeyOutput

        func validate() throws {
            if loseOldMail, owner.isGiven {
                throw ValidationError(
                    "with the password or the recovery key no mail is lost: leave --lose-old-mail away")
            }
        }

        func run() async throws {
            let directory = try store.directory(loseOldMail ? [.accounts] : [])
            let account = try await directory.account(address)
            if loseOldMail { return try await reset(account, directory) }
            let owner = try owner.secret(of: account)
            guard owner != nil || !account.isZeroAccess else {
                throw Failure(
                    OwnerOptions.isClosed(account)
                        + ". Without either, all mail, calendars and contacts that it has, and "
                        + "mail that waits for it, are lost: if that is meant, add --lose-old-mail")
            }
            let (secret, generated) = try password.read()
            try await directory.setPassword(of: account.address, to: secret, owner: owner, by: operatorName)
            if let generated { print(generated) }
            say("\(account.address) has a new password.")
        }

        private func reset(_ account: AccountRecord, _ directory: Directory) async throws {
            guard account.isZeroAccess else { throw DirectoryError.notZeroAccess(account.address) }
            try output.check()
            let (secret, generated) = try password.read()
            let root = try store.accountsFolder()
            let reset = try await directory.resetLosingMail(
                of: account.address, to: secret, filesIn: root, by: operatorName)
            if let generated { print(generated) }
            try output.tell(reset.recovery, of: account)
            say("\(account.address) has a new password and is empty.")
            for path in reset.old {
                say("Its old file is \(path): with the key that a backup has slots of, it still opens. Else delete it.")
            }
        }
    }
}
