// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Foundation
import ServiceKit

/// The operator's command. docs/mailkeep-command.md is its manual.
@main
struct Mailkeep: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mailkeep",
        abstract: "Looks after a Mailkeep server: domains, accounts, aliases, DNS records, the queue, health, backups.",
        discussion: """
            The store is where MAILKEEP_DATA (or --data) says, the purpose keys where MAILKEEP_KEYS (or --keys) says. Each
            command reads only the keys that it needs. It leaves with 0, with 1 when something was refused or failed, and
            with 64 when it was called wrongly.

            EXAMPLE
              mailkeep init --master /root/mailkeep-master.key
              mailkeep domain add example.org
              mailkeep account add anna@example.org --administrator
            """,
        version: Release.version,
        subcommands: [
            InitCommand.self, DomainCommand.self, AccountCommand.self, AliasCommand.self, QueueCommand.self,
            HealthCommand.self, KeysCommand.self, DNSCommand.self, BackupCommand.self, RestoreCommand.self,
        ])

    static func main() async {
        ProcessMemory.hide()
        // Services with uids of their own share a gid.
        umask(0o007)
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            exit(withError: error)
        }
    }
}

/// What went wrong, and what to do.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
