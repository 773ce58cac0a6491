// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import SealedSQLite
import Synchronization

/// Switching zero access on and off, with the files that belong to it, in `root` (`<data>/accounts`).
extension Directory {
    /// Makes the account a zero-access one: its file is written anew under another key and name, which only its password and
    /// the recovery key open, and a file for its sealed arrivals is made. Its app passwords go: they open nothing there.
    ///
    /// Killed at any point, the account has the old file or the new one; then its owner has the password, with which
    /// a recovery key can be made (`renewRecoveryKey`).
    /// - Returns: the recovery key, to be shown once.
    /// Throws `.zeroAccess`, `.wrongPassword`, `.arrivalsLeft`, `.keysChanged`, and what `rekey` throws.
    package func protect(
        _ address: String, password: SecretBytes, filesIn root: String, by actor: String,
        keeping session: WebSessionToken? = nil, tell: @escaping @Sendable (RekeyStep) throws -> Void = { _ in }
    ) async throws -> RecoveryKey {
        let protection = try await prepareProtection(of: address, password: password)
        try await withFiles(in: root) { try await $0.createArrivals(protection.place) }
        do {
            try await rekey(
                protection.place.account, slots: protection.slots, filesIn: root, by: actor, tell: tell)
            try await withFiles(in: root) { $0.useArrivals(protection.place.file) }
        } catch {
            // Unless it has the new file all the same.
            if try await arrivals(of: protection.place.account)?.file != protection.place.file {
                try? await withFiles(in: root) { try await $0.removeArrivals(protection.place) }
            }
            throw error
        }
        try await endProtection(protection, keeping: session, by: actor)
        return protection.recovery
    }

    /// Gives a zero-access account's file a new key, as `rekey` does for others. Its password, app passwords and recovery key open the
    /// new file, and what waits sealed for it; whoever has it open logs in again once the new file is in its place.
    ///
    /// - Parameter password: its present one.
    /// Throws `.notZeroAccess`, `.wrongPassword`, `.keysChanged`, and what `rekey` throws.
    package func rekey(
        _ address: String, password: SecretBytes, filesIn root: String, by actor: String,
        tell: @escaping @Sendable (RekeyStep) throws -> Void = { _ in }
    ) async throws {
        let next = try await prepareRekeying(of: address, password: password)
        try await rekey(
            next.account.id, known: next.present, slots: next.slots, filesIn: root, by: actor, tell: tell)
    }

    /// Makes a zero-access account an ordinary one: the accounts key opens its file again, and what waits for it is filed.
    /// What was cut off by an earlier run is brought to its end.
    /// - Returns: messages that do not open; they stay where they are, sealed.
    /// Throws `.notZeroAccess`, `.wrongPassword`, `.keysChanged`, `StoreError`.
    @discardableResult
    package func unprotect(
        _ address: String, password: SecretBytes, filesIn root: String, by actor: String
    ) async throws -> Int {
        let account = try await account(address)
        if account.isZeroAccess { try await endZeroAccess(of: address, password: password, by: actor) }
        guard let refused = try await fileLeftArrivals(of: account.id, filesIn: root) else {
            guard account.isZeroAccess else { throw DirectoryError.notZeroAccess(account.address) }
            return 0
        }
        return refused
    }

    /// Files what still waits sealed for an account that is no zero-access one any more.
    /// - Returns: messages that do not open and stay; nil: nothing waited.
    package func fileLeftArrivals(of account: AccountID, filesIn root: String) async throws -> Int? {
        guard let (place, key) = try await leftArrivals(of: account) else { return nil }
        let refused = try await withFiles(in: root) { files in
            let arrivals = Arrivals(place: place, directory: files)
            let store = try await files.store(for: account)
            while true {
                let filed = try await store.file(arrivals, with: key)
                let left = try await arrivals.removeIfEmpty()
                // More may have come meanwhile; from whoever asked before.
                if left == 0 || filed.messages == 0 { return left }
            }
        }
        if refused == 0 { try await forgetArrivals(of: account) }
        return refused
    }

    /// Gives a zero-access account whose owner lost everything a new password and an empty file. What it had, and what
    /// waits for it, opens no more: the file is kept in the folder `replaced` of `root`, sealed, for who has a backup with its
    /// slots.
    /// - Returns: the new recovery key, to be shown once, and where the old file is.
    /// Throws `.notZeroAccess`, `.passwordLength`, `.keysChanged`, `StoreError`.
    package func resetLosingMail(
        of address: String, to password: SecretBytes, filesIn root: String, by actor: String
    ) async throws -> (recovery: RecoveryKey, old: [String]) {
        let protection = try await prepareReset(of: address, to: password)
        let account = protection.place.account
        let file = AccountFileKey(file: .random(), key: .random())
        let path = file.file.path(in: root)
        guard let waiting = try await arrivals(of: account) else { throw DirectoryError.notZeroAccess(address) }
        // Also after an error of the disk, which may be told of a transaction that is there once the log is read again.
        let mayBeItsFile = Mutex(false)
        do {
            try AccountFile.create(path: path, key: file.key)
            let old = try await withFiles(in: root) { files in
                try await files.createArrivals(protection.place)
                let names = Mutex<[AccountFileName]>([])
                try await Arrivals(place: waiting, directory: files).remove {
                    mayBeItsFile.withLock { $0 = true }
                    do {
                        let old = try self.reset(protection, to: file, by: actor)
                        names.withLock { $0 = old }
                    } catch let error as DirectoryError {
                        mayBeItsFile.withLock { $0 = false }
                        throw error
                    }
                }
                files.useArrivals(protection.place.file)
                return names.withLock { $0 }
            }
            return (protection.recovery, try old.compactMap { try Self.setAside($0, in: root) })
        } catch {
            if !mayBeItsFile.withLock({ $0 }) {
                try? AccountFile.remove(path: path)
                try? AccountFile.remove(path: ArrivalsFile.path(of: protection.place.file, in: root))
            }
            throw error
        }
    }

    /// Nil: it is not there.
    private static func setAside(_ file: AccountFileName, in root: String) throws -> String? {
        let (path, target) = (file.path(in: root), try ReplacedFiles(in: root).path(of: "\(file).db"))
        for suffix in ["-wal", "-shm", ""] {
            guard rename(path + suffix, target + suffix) == 0 || errno == ENOENT else {
                throw StoreError.unavailable("moving \(path): \(String(cString: strerror(errno)))")
            }
        }
        return access(target, F_OK) == 0 ? target : nil
    }

    private func withFiles<T: Sendable>(
        in root: String, _ body: @Sendable (AccountDirectory) async throws -> T
    ) async throws -> T {
        try await AccountDirectory(
            root: root, limit: 2, arrivals: { try await self.arrivals(of: $0) }, keys: { try self.fileKey(of: $0) }
        ).closing(after: body)
    }
}
