// SPDX-License-Identifier: Apache-2.0
import Accounts
import ArgumentParser
import DomainRecords
import Foundation

struct DomainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "domain", abstract: "Domains that this server takes mail for, and their DKIM keys.",
        subcommands: [Add.self, List.self, Remove.self, DKIM.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds a domain and makes its DKIM keys (Ed25519 and RSA-2048).",
            discussion: "EXAMPLE\n  mailkeep domain add example.org")

        @OptionGroup var store: StoreOptions
        @Argument var domain: String

        func run() async throws {
            let records = try await store.directory([.signing]).addDomain(domain, by: operatorName)
            print(
                "\(records.first?.domain ?? domain) is added. Put its DKIM records into the DNS: mailkeep domain dkim \(domain)"
            )
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the domains.", discussion: "EXAMPLE\n  mailkeep domain list --json")

        @OptionGroup var store: StoreOptions
        @Flag(help: "Print JSON.") var json = false

        private struct Line: Encodable {
            let domain, created: String
            let accounts, aliases: Int
        }

        func run() async throws {
            let lines = try await store.directory().domains().map {
                Line(domain: $0.name, created: timestamp($0.created), accounts: $0.accounts, aliases: $0.aliases)
            }
            if json { return try JSONOption.print(lines) }
            Table(
                head: ["DOMAIN", "ACCOUNTS", "ALIASES", "ADDED"],
                rows: lines.map { [$0.domain, String($0.accounts), String($0.aliases), $0.created] }
            ).print()
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Removes a domain that has no accounts any more, with its aliases and DKIM keys.",
            discussion: "EXAMPLE\n  mailkeep domain remove example.org")

        @OptionGroup var store: StoreOptions
        @Argument var domain: String

        func run() async throws {
            try await store.directory().removeDomain(domain, by: operatorName)
            print("\(domain) is removed.")
        }
    }

    struct DKIM: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "dkim", abstract: "Prints the DKIM records of a domain as lines for a zone file.",
            discussion: "EXAMPLE\n  mailkeep domain dkim example.org >> example.org.zone")

        @OptionGroup var store: StoreOptions
        @Argument var domain: String
        @Flag(help: "Print JSON.") var json = false

        private struct Line: Encodable { let name, selector, algorithm, text: String }

        func run() async throws {
            let records = try await store.directory().signingRecords(domain: domain)
            if json {
                return try JSONOption.print(
                    records.map {
                        Line(name: $0.name, selector: $0.selector, algorithm: $0.algorithm.rawValue, text: $0.text)
                    })
            }
            for record in records { print(DNSRecord.dkim(record).zoneLine) }
        }
    }
}
