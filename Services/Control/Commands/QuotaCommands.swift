// SPDX-License-Identifier: Apache-2.0
import Accounts
import ArgumentParser
import MailStore

extension AccountCommand {
    struct Quota: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows or sets how much an account may hold.",
            discussion: """
                Messages of all folders (a copy counts again), calendars and contacts together. It holds for the next
                message, in every service. Mail for a full account is refused with 452, which other servers try again for
                days; what the account has stays, also above a lower quota.

                EXAMPLE
                  mailkeep account quota anna@example.org 5G
                  mailkeep account quota anna@example.org none
                  mailkeep account quota anna@example.org default
                """)

        @OptionGroup var store: StoreOptions
        @Argument(help: "name@domain") var address: String
        @Argument(help: "Bytes, or a number with K, M, G or T; none: no limit; default: what the domain says.")
        var quota: AccountQuota?

        func run() async throws {
            let directory = try store.directory()
            if let quota { try await directory.setQuota(of: address, to: quota.setting, by: operatorName) }
            let account = try await directory.account(address)
            print("\(account.address): \(account.quotaText)")
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Tells what is known of an account, and how much it holds.",
            discussion: """
                How much a zero-access account holds is told with its password or its recovery key alone.

                EXAMPLE
                  mailkeep account show anna@example.org --json
                """)

        @OptionGroup var store: StoreOptions
        @Argument(help: "name@domain") var address: String
        @Flag(help: "Print JSON.") var json = false
        @OptionGroup var owner: OwnerOptions

        private struct Line: Encodable {
            let address, id, name, created, file: String
            let disabled, administrator, zeroAccess: Bool
            let quota: Int?
            let appPasswords: Int
            let used, messages, messageBytes, objectBytes: Int
        }

        func run() async throws {
            let directory = try store.directory([.accounts])
            let account = try await directory.account(address)
            let files = AccountDirectory(
                root: try store.accountsFolder(), limit: 1, quota: { _ in account.limit },
                arrivals: { try await directory.arrivals(of: $0) },
                keys: { try directory.fileKey(of: $0) })
            let apps = try await directory.appPasswords(of: account.address).count
            let file = "accounts/\(try directory.currentFile(of: account.id)).db"
            let use = try await use(account, files, directory)
            await files.close()
            if json {
                return try JSONOption.print(
                    Line(
                        address: account.address, id: account.id.description, name: account.displayName,
                        created: timestamp(account.created), file: file, disabled: account.isDisabled,
                        administrator: account.isAdministrator, zeroAccess: account.isZeroAccess,
                        quota: account.limit, appPasswords: apps, used: use.bytes, messages: use.messages,
                        messageBytes: use.messageBytes, objectBytes: use.objectBytes))
            }
            print("address   \(account.address)")
            print("name      \(account.displayName)")
            print(
                "state     \(account.isDisabled ? "disabled" : account.isAdministrator ? "administrator" : "enabled")")
            print(
                "opened    "
                    + (account.isZeroAccess
                        ? "by its password, its app passwords and its recovery key alone (zero access)"
                        : "by its passwords, and by the keys of this server"))
            print("apps      \(apps == 0 ? "no app passwords" : "\(apps) app passwords")")
            print("added     \(timestamp(account.created))")
            print("file      \(file)")
            print("quota     \(account.quotaText)")
            print("used      \(ByteSize.text(use.bytes))\(use.limit.map { ", \(use.bytes * 100 / $0) %" } ?? "")")
            print("messages  \(use.messages), \(ByteSize.text(use.messageBytes))")
            print("calendars and contacts  \(ByteSize.text(use.objectBytes))")
        }

        /// Of a zero-access account that stays closed, as its last session left it, and what arrived since. No password is
        /// asked for.
        private func use(
            _ account: AccountRecord, _ files: AccountDirectory, _ directory: Directory
        ) async throws -> StorageUse {
            guard account.isZeroAccess, owner.isGiven else { return try await files.use(of: account.id) }
            let hold = try await owner.open(account, in: directory)
            defer { hold?.release() }
            return try await files.store(for: account.id).use()
        }
    }
}

extension DomainCommand {
    struct Quota: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows or sets how much each account of a domain may hold, where nothing else is set for it.",
            discussion: """
                EXAMPLE
                  mailkeep domain quota example.org 2G
                  mailkeep domain quota example.org none
                """)

        @OptionGroup var store: StoreOptions
        @Argument var domain: String
        @Argument(help: "Bytes, or a number with K, M, G or T; none: no limit.")
        var quota: DomainQuota?

        func run() async throws {
            let directory = try store.directory()
            if let quota { try await directory.setQuota(domain: domain, to: quota.bytes, by: operatorName) }
            print("\(domain.lowercased()): \(exactText(try await directory.quota(domain: domain)))")
        }
    }
}

/// `none`, `default` or a size.
struct AccountQuota: ExpressibleByArgument {
    let setting: QuotaSetting

    init?(argument: String) {
        switch argument {
        case "default": setting = .byDomain
        case "none": setting = .unlimited
        default:
            guard let bytes = ByteSize.parse(argument) else { return nil }
            setting = .bytes(bytes)
        }
    }
}

/// `none` or a size.
struct DomainQuota: ExpressibleByArgument {
    let bytes: Int?

    init?(argument: String) {
        bytes = ByteSize.parse(argument)
        guard bytes != nil || argument == "none" else { return nil }
    }
}

/// For tables.
func quotaText(_ bytes: Int?) -> String { bytes.map(ByteSize.text) ?? "none" }

private func exactText(_ bytes: Int?) -> String { bytes.map { "\(ByteSize.text($0)) (\($0) bytes)" } ?? "none" }

extension AccountRecord {
    fileprivate var quotaText: String { exactText(limit) + (quota == .byDomain ? ", by its domain" : "") }
}
