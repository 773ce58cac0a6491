// SPDX-License-Identifier: Apache-2.0
import Accounts
import CalendarStore
import Foundation
import MailStore
import SealedSQLite

/// Brings one account back into a store that services have open.
///
/// An account that is there has its content replaced in one transaction: sessions of other processes see the old or the
/// new. What it had is copied beside first, and nothing is taken in between the copy and the replacement: mail waits in
/// the spool. An account that was removed comes back with its id, its key and its passwords.
package struct RestoreAccount: Sendable {
    /// Longest time for which nothing is taken in, in seconds.
    private static let longestPause: Int64 = 1_800
    /// Of that, what must be left when the replacement begins.
    private static let margin: Int64 = 60

    package struct Report: Sendable, Codable, Equatable {
        package var backup: String
        package var taken: Int64
        package var address: String
        /// The account was not there, and is again.
        package var wasAbsent: Bool
        /// A sealed copy of what it had, with the same key.
        package var replaced: String?
        /// Of a zero-access account that was made anew: to be shown once.
        package var recoveryKey: String?
    }

    package var data: String
    package var address: String
    /// Restores it as a new account of this address, beside the one that is there.
    package var newAddress: String?
    /// Opens the account where it is, or was in the backup, a zero-access one.
    package var owner: OwnerSecret?
    package var actor: String

    package init(data: String, address: String, newAddress: String? = nil, actor: String) {
        self.data = data
        self.address = address
        self.newAddress = newAddress
        self.actor = actor
    }

    /// - Parameter keys: configuration and accounts, of the live store.
    package func run(_ source: RestoreSource, keys: PurposeKeys, _ control: JobControl = JobControl()) async throws
        -> Report
    {
        guard access(data + "/config.db", F_OK) == 0 else {
            throw BackupError.refused("there is no store in \(data); a whole one comes back with: mailkeep restore all")
        }
        let folders = try RestoreFolders(data: data)
        if let backup = try folders.finishPending() {
            throw BackupError.refused("the interrupted restore of backup \(backup) is finished now; run this again")
        }
        try folders.prepare()
        defer { folders.removeBuilt() }
        let live = try Directory(dataFolder: data, keys: keys)
        try source.rebuild(.configuration, into: folders.root) { _ in try control.progress("restoring") }
        let backedUp = try Directory(dataFolder: folders.root, keys: source.purposeKeys)
        let export = try await backedUp.export(address)
        let held = try await open(export.account, in: backedUp, of: "in backup \(source.manifest.id)")
        let found = try source.file(of: export.account.id, in: backedUp)
        held?.release()
        try backedUp.close()
        guard let found else { throw BackupError.refused("backup \(source.manifest.id) has no file of \(address)") }
        guard let key = found.key.map({ AccountFileKey(file: found.name, key: $0) }) else {
            throw BackupError.refused("the key of \(address) in backup \(source.manifest.id) cannot be had")
        }
        let present = newAddress == nil ? try await live.account(export.account.id) : nil
        if present == nil {
            try await live.checkFree(newAddress ?? export.account.address)
            try checkOwner(of: export.account)
        }
        var open: KeyHold?
        if let present { open = try await self.open(present, in: live, of: "here") }
        defer { open?.release() }
        let built = Built(id: export.account.id, file: key, folder: folders.accounts)
        try rebuild(found.file, built, source, control)

        var report = Report(
            backup: source.manifest.id, taken: source.manifest.taken,
            address: newAddress ?? present?.address ?? export.account.address, wasAbsent: present == nil)
        if present != nil {
            report.replaced = try await replace(built, in: live, control)
        } else {
            report.recoveryKey = try await addAnew(export, built, to: live, report)?.text
        }
        try live.close()
        return report
    }

    /// Opens a zero-access account for as long as the hold lives; nil for every other.
    private func open(_ account: AccountRecord, in directory: Directory, of place: String) async throws -> KeyHold? {
        guard account.isZeroAccess else { return nil }
        do { return try await directory.hold(account.address, with: owner) } catch DirectoryError.ownerNeeded {
            throw BackupError.refused(
                "\(place) \(account.address) is a zero-access account, which the keys of the server do not open: give its password or "
                    + "its recovery key of then. Without them, the whole store comes back as it was with: mailkeep restore all --data FOLDER"
            )
        } catch DirectoryError.wrongPassword {
            throw BackupError.refused(
                "\(place) \(account.address) has another password; the recovery key, unless it was renewed, fits everywhere"
            )
        } catch DirectoryError.wrongRecoveryKey {
            throw BackupError.refused("\(place) \(account.address) has another recovery key; give the password of then")
        }
    }

    /// A zero-access account is made anew by its password alone.
    private func checkOwner(of account: AccountRecord) throws {
        guard account.isZeroAccess else { return }
        guard case .password = owner else {
            throw BackupError.refused(
                "\(account.address) is a zero-access account: to make it anew its password is needed, not its recovery key"
            )
        }
    }

    private struct Built {
        let id: AccountID
        let file: AccountFileKey
        let folder: String
        var path: String { file.file.path(in: folder) }
        var key: SealedKey { file.key }

        func finish(after marks: IssuedMarks?) async throws {
            try await RestoredAccount.finish(id, in: folder, file: file, after: marks)
        }
    }

    private func rebuild(
        _ file: Manifest.File, _ built: Built, _ source: RestoreSource, _ control: JobControl
    ) throws {
        var done: Int64 = 0
        try source.rebuild(file, to: built.path, key: built.key) {
            done += Int64($0)
            try control.progress("restoring", done, of: file.bytes)
        }
    }

    private var accounts: String { data + "/accounts" }

    /// Where what is replaced is kept.
    private func replacedPath(_ id: AccountID) throws -> String {
        let folder = RestoreFolders.replaced(in: data)
        try PlainFile.makeFolder(folder)
        return
            "\(folder)/\(id)-\(Date().ISO8601Format().filter { $0 != "-" && $0 != ":" })-\(UInt16.random(in: 0 ... .max)).db"
    }

    private func replace(_ built: Built, in live: Directory, _ control: JobControl) async throws -> String? {
        // Asked again at each turn: the live file may be keyed anew meanwhile.
        let files = AccountDirectory(root: accounts, limit: 1) { try live.fileKey(of: $0) }
        guard await files.exists(built.id) else {
            try await built.finish(after: nil)
            let file = try live.fileKey(of: built.id)
            try SealedDatabase.copy(built.path, key: built.key, to: file.file.path(in: accounts), key: file.key)
            return nil
        }
        do {
            let store = try await files.store(for: built.id)
            // From here on nothing new comes in, so the copy has everything.
            let end = now + Self.longestPause
            try await store.refuseAdditions(until: end)
            let copy = try replacedPath(built.id)
            do {
                try control.progress("copying what is there")
                let marks = try await store.issuedMarks()
                try keep(live.fileKey(of: built.id), at: copy)
                try await built.finish(after: marks)
                try control.progress("putting it in place")
                guard now < end - Self.margin else {
                    throw BackupError.refused(
                        "this took longer than mail may wait; restore it with the services stopped: mailkeep restore all --replace"
                    )
                }
                try await store.replaceContent(withFileAt: built.path, key: built.key)
            } catch {
                unlink(copy)
                try? await store.takeAdditions()
                throw error
            }
            await files.close()
            return copy
        } catch StoreError.damaged {
            await files.close()
            return try await replaceDamaged(built, live.fileKey(of: built.id))
        } catch {
            await files.close()
            throw error
        }
    }

    private var now: Int64 { Int64(Date().timeIntervalSince1970) }

    /// A copy of a live file; where a page of it is damaged, of its ciphertext as it is.
    private func keep(_ live: AccountFileKey, at copy: String) throws {
        let path = live.file.path(in: accounts)
        do { try SealedDatabase.copy(path, key: live.key, to: copy, key: live.key) } catch {
            let snapshot = try FileSnapshot(path: path)
            let target = try NewFile(copy, mode: 0o660)
            var buffer = [UInt8](repeating: 0, count: 256 * snapshot.pageSize)
            var page: UInt32 = 1
            while page <= snapshot.pages {
                let count = try buffer.withUnsafeMutableBytes { try snapshot.read(from: page, into: $0) }
                try target.write(buffer.span.extracting(first: count).bytes)
                page += UInt32(count / snapshot.pageSize)
            }
            try snapshot.check()
            try target.sync()
        }
    }

    /// A file that does not open cannot be replaced from within.
    private func replaceDamaged(_ built: Built, _ file: AccountFileKey) async throws -> String {
        let live = file.file.path(in: accounts)
        guard !RestoreFolders.isOpen(live) else {
            throw BackupError.refused(
                "the file of \(address) is damaged and a service has it open: stop the services that use accounts, then restore"
            )
        }
        try await built.finish(after: nil)
        let aside = try replacedPath(built.id)
        for suffix in ["-wal", "-shm", ""] {
            guard rename(live + suffix, aside + suffix) == 0 || errno == ENOENT else {
                throw BackupError.system("move \(live)\(suffix)", errno: errno)
            }
        }
        try SealedDatabase.copy(built.path, key: built.key, to: live, key: file.key)
        return aside
    }

    /// Returns the recovery key of a zero-access account.
    private func addAnew(_ export: AccountExport, _ built: Built, to live: Directory, _ report: Report)
        async throws -> RecoveryKey?
    {
        var password: SecretBytes?
        if export.account.isZeroAccess, case .password(let own) = owner { password = own }
        let id = newAddress == nil ? built.id : .random()
        // Of an account that was removed a file may still lie there under its old name.
        let file = AccountFileKey(file: .random(), key: .random())
        let path = file.file.path(in: accounts)
        try await built.finish(after: nil)
        try SealedDatabase.copy(built.path, key: built.key, to: path, key: file.key)
        do {
            try await live.add(export, as: report.address, id: id, file: file, password: password, by: actor)
        } catch {
            unlink(path)
            throw error
        }
        guard let password else { return nil }
        return try await live.protect(report.address, password: password, filesIn: accounts, by: actor)
    }
}
