// SPDX-License-Identifier: Apache-2.0
import Accounts
import ArgumentParser
import BackupEngine
import Foundation

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Backups of the whole store, sealed to a recovery key.",
        discussion: """
            `keys` makes the keys once, at set-up. Afterwards the Backup service takes backups by its schedule; `now` and
            `status` speak with it. `run`, `list`, `verify` and `tidy` work on the repository themselves, without the service.
            """,
        subcommands: [
            BackupKeysCommand.self, BackupNow.self, BackupStatusCommand.self, BackupRunCommand.self, BackupList.self,
            BackupVerify.self, BackupTidy.self,
        ])
}

struct BackupKeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Makes the backup keys and shows the recovery key, once.",
        discussion: """
            The recovery key and the repository alone give everything back, on any machine: write it down and keep it away
            from this server. Nobody can show it again; --renew makes another one for the same repository.

            EXAMPLE
              mailkeep backup keys --master /root/mailkeep-master.key --output /etc/mailkeep/backup
            """)

    @Option(help: ArgumentHelp("File of the master key: 64 hex digits, mode 0400.", valueName: "file"))
    var master: String

    @Option(help: ArgumentHelp("Folder to write to; made when missing.", valueName: "folder"))
    var output: String

    @Option(help: ArgumentHelp("Write the recovery key to this new file, 0400, and do not show it.", valueName: "file"))
    var recoveryKeyOutput: String?

    @Flag(help: "A new recovery key for the keys that are there; the old one opens nothing after the next backup.")
    var renew = false

    func run() throws {
        let master = try KeyFile.read(master)
        let (keys, recovery): (BackupKeys, RecoveryKey)
        if renew {
            (keys, recovery) = try BackupKeys(folder: output).renewed(master: master)
        } else {
            guard !BackupKeys.exist(in: output) else {
                throw Failure(
                    "\(output) has backup keys already, and backups made with them need them. For another recovery key: --renew"
                )
            }
            (keys, recovery) = try BackupKeys.make(master: master)
        }
        if let path = recoveryKeyOutput { try SecretFile.write(recovery.text, to: path) }
        try makeFolder(output, mode: 0o700)
        try keys.write(to: output)
        recovery.tell(writtenTo: recoveryKeyOutput)
    }
}

extension RecoveryKey {
    /// Shows it, or says where it is.
    func tell(writtenTo path: String?) {
        if let path { return say("The recovery key is in \(path): move it away from this server.") }
        print(text)
        say("This is the recovery key. Write it down now and keep it away from this server: it is not shown again.")
    }
}
