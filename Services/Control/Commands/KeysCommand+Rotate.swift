// SPDX-License-Identifier: Apache-2.0
import Accounts
import ArgumentParser
import BackupEngine
import Foundation
import SealedSQLite

extension KeysCommand {
    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Puts a new master key in the place of the old, while services run.",
            discussion: """
                Makes the new master key (a file that is there is taken as it is), derives the purpose keys from it, wraps
                every key of the store by them and puts them into the folders of keys. Mail is not touched, services go on,
                sessions notice nothing. Cut off at any point, the same command finishes it.

                Name every folder from which a service takes keys, and every folder of backup keys: a service whose folder is
                not named opens nothing new afterwards. The recovery key of the backups stays: with it, backups from
                before and after come back. Where its public part (recovery.public) is not beside the backup keys, as with keys
                that were made before there was this command, give the recovery key once; without it a new one is made and shown.

                When it is done, the old master key opens nothing of the store, and should be destroyed; old backups need it,
                but have it themselves, sealed.

                EXAMPLE
                  mailkeep keys rotate --master /root/mailkeep-master.key --to /root/mailkeep-master-2.key \\
                    --folder /etc/mailkeep/inbound --folder /etc/mailkeep/access --backup-keys /etc/mailkeep/backup
                """)

        @OptionGroup var store: StoreOptions

        @Option(help: ArgumentHelp("File of the master key that holds now.", valueName: "file"))
        var master: String

        @Option(help: ArgumentHelp("File of the new one; made when missing, never overwritten.", valueName: "file"))
        var to: String

        @Option(
            name: .customLong("folder"),
            help: ArgumentHelp("Another folder of purpose keys, beside --keys; may be repeated.", valueName: "folder"))
        var folders: [String] = []

        @Option(
            name: .customLong("backup-keys"),
            help: ArgumentHelp(
                "Folder of backup keys; may be repeated. Otherwise MAILKEEP_BACKUP_KEYS.", valueName: "folder"))
        var backupFolders: [String] = []

        @OptionGroup var recovery: RecoveryKeyOptions

        @Option(
            help: ArgumentHelp(
                "Where a new recovery key is needed, write it to this new file, 0400, and do not show it.",
                valueName: "file"))
        var recoveryKeyOutput: String?

        func run() async throws {
            let old = try KeyFile.read(master)
            let new = try Self.newKey(to)
            var keyFolders: [String] = []
            for folder in [try store.keysFolder()] + folders.map({ URL(fileURLWithPath: $0).standardizedFileURL.path })
            where !keyFolders.contains(folder) { keyFolders.append(folder) }
            let rotation = try MasterRotation(
                data: try store.dataFolder(), folders: keyFolders, from: old, to: new)
            let backups = try Backups(
                folders: backupFolders.isEmpty
                    ? [environment("MAILKEEP_BACKUP_KEYS")].compactMap { $0 } : backupFolders,
                recovery: recovery.recoveryKeyFile == nil ? nil : recovery.key())
            let count = try await rotation.run(by: operatorName) {
                try KeyFile.write(new, to: to)
                // Before any slot is wrapped anew: what a backup copies from then on may be of the new key.
                try backups.rotate(from: old, to: new, newKeyOutput: recoveryKeyOutput)
            } done: { step in
                switch step {
                case .slot(let file): say("\(file).slot is wrapped anew.")
                case .slots, .nextKey, .presentKey: break
                }
            }
            say(
                "\(count) keys in config.db are wrapped anew; the new purpose keys are in \(keyFolders.joined(separator: ", "))."
            )
            say("The master key is \(to) now. Destroy \(master) once you have looked that everything works.")
        }

        /// Of the file, or a new one; that is written only when everything else was looked at.
        private static func newKey(_ path: String) throws -> SealedKey {
            do { return try KeyFile.read(path) } catch {
                guard case .noSuchFile = error else { throw error }
                return .random()
            }
        }
    }
}

/// The backup keys of a rotation. Each folder gets the same sealed keys.
private struct Backups {
    let folders: [String]
    /// As it was given.
    let recovery: RecoveryKey?

    func rotate(from old: SealedKey, to new: SealedKey, newKeyOutput: String?) throws {
        let all = try folders.map { try BackupKeys(folder: $0) }
        guard let first = all.first(where: \.canBeRotated) ?? all.first else { return }
        guard all.allSatisfy({ $0.repository == first.repository }) else {
            throw Failure("the folders of backup keys are of different repositories; nothing was changed")
        }
        let keys: BackupKeys
        if first.canBeRotated || recovery != nil {
            keys = try first.rotated(from: old, to: new, recovery: recovery)
        } else {
            let (renewed, key) = try first.renewed(from: old, to: new)
            // Told before it holds: a run that is cut off tells another.
            if let newKeyOutput { try SecretFile.write(key.text, to: newKeyOutput) }
            key.tell(writtenTo: newKeyOutput)
            keys = renewed
        }
        // The public part stays where it was: beside the master key, not with the service.
        for (folder, present) in zip(folders, all) {
            if present.canBeRotated || folder == folders[0] {
                try keys.write(to: folder)
            } else {
                try keys.writeRecovery(to: folder)
            }
        }
    }
}
