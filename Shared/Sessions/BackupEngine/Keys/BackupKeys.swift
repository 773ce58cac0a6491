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
    /// Beside them, for a rotation of the master key: `RecoveryLock`, 0400. The service needs it not.
    package static let lockFile = "recovery.public"

    package let repository: SealedKey
    package let recovery: SealedRecovery
    let recoveryLock: RecoveryLock?
    private let folder: String?

    init(repository: SealedKey, recovery: SealedRecovery, recoveryLock: RecoveryLock?) {
        self.repository = repository
        self.recovery = recovery
        self.recoveryLock = recoveryLock
        folder = nil
    }

    /// Reads the files of a folder. Throws `KeyError`, `BackupError`.
    package init(folder: String) throws {
        repository = try KeyFile.read(folder + "/" + Self.repositoryFile)
        recovery = try Self.recovery(in: folder)
        let path = folder + "/" + Self.lockFile
        recoveryLock = try PlainFile.read(path, limit: RecoveryLock.byteCount).map {
            try RecoveryLock(bytes: $0, path: path)
        }
        self.folder = folder
    }

    /// The sealed keys as they are in the folder now: a rotation may have written others.
    func recoveryNow() throws -> SealedRecovery { try folder.map(Self.recovery) ?? recovery }

    private static func recovery(in folder: String) throws -> SealedRecovery {
        let path = folder + "/" + recoveryFile
        guard let bytes = try PlainFile.read(path, limit: SealedRecovery.longest) else {
            throw KeyError.noSuchFile(path)
        }
        guard bytes.count >= SealedRecovery.byteCount else { throw BackupError.damaged(path) }
        return SealedRecovery(bytes: bytes)
    }

    /// Makes new keys, sealed to a new recovery key.
    package static func make(master: SealedKey) throws -> (BackupKeys, RecoveryKey) {
        try make(master: master, earlier: [], repository: .random())
    }

    /// A new recovery key for the same repository: the old one opens it no more, once the next backup has run.
    package func renewed(master: SealedKey) throws -> (BackupKeys, RecoveryKey) {
        try Self.make(master: master, earlier: recovery.earlier(master: master), repository: repository)
    }

    private static func make(
        master: SealedKey, earlier: [SealedKey], repository: SealedKey
    ) throws -> (BackupKeys, RecoveryKey) {
        let key = RecoveryKey.random(.backups)
        let lock = try key.lock
        let sealed = try SealedRecovery(master: master, earlier: earlier, repository: repository, to: lock)
        return (BackupKeys(repository: repository, recovery: sealed, recoveryLock: lock), key)
    }

    /// Whether the master key can be rotated with the recovery key of now, and without having it.
    package var canBeRotated: Bool { recoveryLock != nil }

    /// The same recovery key opens the new master key and those of before. The same again when it was done already.
    /// - Parameter key: the recovery key, needed where its public part is not there. Throws `BackupError.wrongRecoveryKey`.
    package func rotated(from old: SealedKey, to new: SealedKey, recovery key: RecoveryKey? = nil) throws -> BackupKeys
    {
        if let key {
            let opened = try recovery.open(key)
            guard [old, new].contains(opened.master) else { throw BackupError.wrongRecoveryKey }
        }
        guard let lock = try key?.lock ?? recoveryLock else {
            throw BackupError.refused("the public part of the recovery key is not there: give the recovery key")
        }
        if isOf(new, after: old) {
            return BackupKeys(repository: repository, recovery: recovery, recoveryLock: lock)
        }
        let sealed = try SealedRecovery(
            master: new, earlier: [old] + recovery.earlier(master: old), repository: repository, to: lock)
        return BackupKeys(repository: repository, recovery: sealed, recoveryLock: lock)
    }

    /// A rotation with a new recovery key.
    package func renewed(from old: SealedKey, to new: SealedKey) throws -> (BackupKeys, RecoveryKey) {
        let earlier =
            isOf(new, after: old) ? try recovery.earlier(master: new) : [old] + (try recovery.earlier(master: old))
        return try Self.make(master: new, earlier: earlier, repository: repository)
    }

    private func isOf(_ new: SealedKey, after old: SealedKey) -> Bool {
        (try? recovery.earlier(master: new).first) == old
    }

    /// Whether a folder has some already, or one of the two.
    package static func exist(in folder: String) -> Bool {
        [repositoryFile, recoveryFile].contains { access(folder + "/" + $0, F_OK) == 0 }
    }

    /// Writes all, 0400. Never over another repository key.
    package func write(to folder: String) throws {
        try KeyFile.write(repository, to: folder + "/" + Self.repositoryFile)
        if let recoveryLock { try PlainFile.write(recoveryLock.bytes, to: folder + "/" + Self.lockFile, mode: 0o400) }
        try writeRecovery(to: folder)
    }

    /// Over the sealed keys of before, whose owner and group stay.
    package func writeRecovery(to folder: String) throws {
        try PlainFile.write(
            recovery.bytes, to: folder + "/" + Self.recoveryFile, mode: 0o400,
            like: folder + "/" + Self.repositoryFile)
        try PlainFile.syncFolder(folder)
    }
}
