// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import SealedSQLite

/// Where a repository is, as an operator writes it: a folder, or `remote:path` of rclone's configuration.
package struct RepositoryPlace: Sendable, Equatable {
    package var text: String
    /// For `remote:path`.
    package var rcloneConfiguration: String?
    package var rcloneProgram = "/usr/bin/rclone"
    /// For `remote:path`: what is on its way lies here.
    package var staging = NSTemporaryDirectory()
    /// About the most that lies there, in bytes.
    package var stagingLimit: Int64 = 256 << 20

    /// Throws `BackupError.refused` for what is neither, or when the remote has no configuration.
    package init(_ text: String, rcloneConfiguration: String? = nil) throws(BackupError) {
        self.text = text
        self.rcloneConfiguration = rcloneConfiguration
        if isRemote {
            guard let rcloneConfiguration else {
                throw .refused(
                    "\(text) is a remote of rclone: name rclone's configuration file (MAILKEEP_BACKUP_RCLONE_CONFIG)")
            }
            guard access(rcloneConfiguration, R_OK) == 0 else {
                throw .system("rclone's configuration \(rcloneConfiguration)", errno: errno)
            }
        } else if !text.hasPrefix("/") {
            throw .refused("'\(text)' is no place for backups: give a folder from / on, or remote:path of rclone")
        }
    }

    /// A folder begins with `/`; a remote has a name before its colon.
    var isRemote: Bool {
        !text.hasPrefix("/") && (text.firstIndex(of: ":").map { $0 > text.startIndex } ?? false)
    }

    func store() throws -> any ObjectStore {
        guard isRemote, let rcloneConfiguration else { return FolderStore(path: text) }
        return try RcloneStore(
            remote: text, rclone: Rclone(program: rcloneProgram, configuration: rcloneConfiguration), staging: staging,
            stagingLimit: stagingLimit)
    }

    /// Opens the repository that is there.
    package func open(_ key: SealedKey) throws -> Repository { try Repository(store(), key: key) }

    /// Opens it with the recovery key; the master keys come along, the newest first.
    package func open(_ key: RecoveryKey) throws -> (
        repository: Repository, keys: BackupKeys, masters: [SealedKey]
    ) {
        let store = try store()
        let sealed = try Repository.recovery(in: store)
        let opened = try sealed.open(key)
        let keys = BackupKeys(repository: opened.repository, recovery: sealed, recoveryLock: try key.lock)
        return (try Repository(store, key: opened.repository), keys, [opened.master] + opened.earlier)
    }
}
