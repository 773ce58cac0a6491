// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import SealedSQLite

/// What the Backup service is given: the key of the repository, and the sealed keys that it lays into it. With these it
/// can neither open a file of the store nor make the recovery key.
package struct BackupKeys: Sendable {
    /// In the folder of backup keys: 64 hex digits, 0400.
    package static let repositoryFile = "repository.key"
    /// Beside it: `SealedRecovery`, 0400.
    package static let recoveryFile = "recovery.sealed"

    package let repository: SealedKey
    package let recovery: SealedRecovery

    package init(repository: SealedKey, recovery: SealedRecovery) {
        self.repository = repository
        self.recovery = recovery
    }

    /// Reads both files of a folder. Throws `KeyError`, `BackupError`.
    package init(folder: String) throws {
        repository = try KeyFile.read(folder + "/" + Self.repositoryFile)
        let path = folder + "/" + Self.recoveryFile
        guard let data = FileManager.default.contents(atPath: path) else { throw KeyError.noSuchFile(path) }
        guard data.count == SealedRecovery.byteCount else { throw BackupError.damaged(path) }
        recovery = SealedRecovery(bytes: [UInt8](data))
    }

    /// Makes new keys, sealed to a new recovery key.
    package static func make(master: SealedKey) throws -> (BackupKeys, RecoveryKey) {
        try renew(master: master, repository: .random())
    }

    /// A new recovery key for the same repository: the old one opens it no more, once the next backup has run.
    package static func renew(master: SealedKey, repository: SealedKey) throws -> (BackupKeys, RecoveryKey) {
        let key = RecoveryKey.random(.backups)
        let sealed = try SealedRecovery(master: master, repository: repository, to: key)
        return (BackupKeys(repository: repository, recovery: sealed), key)
    }

    /// Whether a folder has some already, or one of the two.
    package static func exist(in folder: String) -> Bool {
        [repositoryFile, recoveryFile].contains { access(folder + "/" + $0, F_OK) == 0 }
    }

    /// Writes both, 0400. Never over another repository key.
    package func write(to folder: String) throws {
        try KeyFile.write(repository, to: folder + "/" + Self.repositoryFile)
        try PlainFile.write(recovery.bytes, to: folder + "/" + Self.recoveryFile, mode: 0o400)
    }
}
