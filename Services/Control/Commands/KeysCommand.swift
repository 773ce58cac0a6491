// SPDX-License-Identifier: Apache-2.0
import Accounts
import ArgumentParser
import Foundation

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Derives the services' keys from the master key; puts a new master key in its place.",
        subcommands: [Derive.self, Rotate.self])

    struct Derive: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Writes the purpose keys into a folder, each 0400. Another key in its place is never overwritten.",
            discussion: """
                EXAMPLE
                  mailkeep keys derive --master /root/mailkeep-master.key --output /etc/mailkeep/keys
                """)

        @Option(help: ArgumentHelp("File of the master key: 64 hex digits, mode 0400.", valueName: "file"))
        var master: String

        @Option(help: ArgumentHelp("Folder to write to; made when missing.", valueName: "folder"))
        var output: String

        func run() throws {
            let keys = PurposeKeys(master: try KeyFile.read(master))
            try makeFolder(output, mode: 0o700)
            try keys.write(to: output)
            for purpose in KeyPurpose.allCases { print("\(output)/\(purpose.fileName)") }
        }
    }
}
