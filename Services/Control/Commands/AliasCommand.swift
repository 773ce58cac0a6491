// SPDX-License-Identifier: Apache-2.0
import Accounts
import ArgumentParser
import Foundation

struct AliasCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alias", abstract: "Further addresses of accounts.",
        subcommands: [Add.self, List.self, Remove.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds an alias, or accounts to one that is there. Each of its accounts may send as the alias.",
            discussion: "EXAMPLE\n  mailkeep alias add info@example.org anna@example.org bert@example.org")

        @OptionGroup var store: StoreOptions
        @Argument(help: "name@domain") var address: String
        @Argument(help: "Accounts or aliases of this server.") var targets: [String]

        func run() async throws {
            try await store.directory().addAlias(address, to: targets, by: operatorName)
            print("\(address) leads to \(targets.joined(separator: ", ")).")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the aliases.", discussion: "EXAMPLE\n  mailkeep alias list --json")

        @OptionGroup var store: StoreOptions
        @Flag(help: "Print JSON.") var json = false

        private struct Line: Encodable {
            let address: String
            let targets: [String]
        }

        func run() async throws {
            let lines = try await store.directory().aliases().map { Line(address: $0.address, targets: $0.targets) }
            if json { return try JSONOption.print(lines) }
            Table(
                head: ["ALIAS", "LEADS TO"], rows: lines.map { [$0.address, $0.targets.joined(separator: ", ")] }
            ).print()
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Removes an alias.", discussion: "EXAMPLE\n  mailkeep alias remove info@example.org")

        @OptionGroup var store: StoreOptions
        @Argument(help: "name@domain") var address: String

        func run() async throws {
            try await store.directory().removeAlias(address, by: operatorName)
            print("\(address) is removed.")
        }
    }
}
