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
                is needed, and everything stays as it is.

                EXAMPLE
                  mailkeep account password anna@example.org --generate
                  mailkeep account password bert@example.org --generate --recovery-key-file key.txt
                """)

        @OptionGroup var store: StoreOptions
        @Argument(help: "name@domain") var address: String
        @OptionGroup var password: PasswordOptions
        @OptionGroup var owner: OwnerOptions

        func run() async throws {
            let directory = try store.directory()
            let account = try await directory.account(address)
            let owner = try owner.secret(of: account)
            guard owner != nil || !account.isZeroAccess else { throw Failure(OwnerOptions.isClosed(account)) }
            let (secret, generated) = try password.read()
            try await directory.setPassword(of: account.address, to: secret, owner: owner, by: operatorName)
            if let generated { print(generated) }
            say("\(account.address) has a new password.")
        }
    }
}
