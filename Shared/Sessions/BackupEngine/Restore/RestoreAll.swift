// SPDX-License-Identifier: Apache-2.0
import Accounts
import CalendarStore
import Foundation
import MailStore
import OutgoingQueue
import SealedSQLite

/// Brings a whole store back: configuration, outgoing mail, every account. For a store that no service has open.
package struct RestoreAll: Sendable {
    package struct Report: Sendable, Codable, Equatable {
        /// The backup that is in place now.
        package var backup: String
        /// Seconds since 1970; `nil` when only the interrupted restore of before was finished.
        package var taken: Int64?
        package var accounts = 0
        /// Deliveries that wait for the operator.
        package var held = 0
        /// Newer backups that lack a file, each with which: the newest that lacks none is taken, unless one is named.
        package var passedOver: [RestoreSource.PassedOver] = []
        /// What it lacks itself: files that could not be read when it was taken, each with why.
        package var missing: [String] = []
        /// Accounts that the configuration names and the backup has no file of.
        package var withoutFile: [String] = []
        /// Zero-access accounts whose mail is back, without what waited for them sealed.
        package var withoutArrivals: [DamagedAccount] = []
        /// Addresses of zero-access accounts: their pages are checked, and what they give out is raised, when their owners
        /// open them.
        package var closed: [String] = []
        /// Accounts whose file in the backup is damaged; everything else is in place.
        package var damaged: [DamagedAccount] = []
        /// Folder that has what was replaced, in the data folder and in its `accounts`.
        package var replaced: String?
        /// Whether the keys that were in place stay (and everything is wrapped by them), or those of the backup were put there.
        package var keptKeys = false
        /// Files of settings that were written.
        package var settings: [String] = []
    }

    package struct DamagedAccount: Sendable, Codable, Equatable {
        package var address: String
        /// What is damaged.
        package var why: String
    }

    package var data: String
    /// Folder of the purpose keys: where all four are, they stay and the store is wrapped by them; otherwise those of the
    /// backup are written there.
    package var keys: String
    /// Where the master key is written; `nil`: nowhere.
    package var master: String?
    /// Where the backup keys are written; `nil`: nowhere.
    package var backupKeys: String?
    /// Where settings are written, each below the path that it had; `nil`: nowhere.
    package var settings: String?
    /// Whether a store that is there is replaced; it is kept in a folder beside.
    package var replace = false

    package init(data: String, keys: String) {
        self.data = data
        self.keys = keys
    }

    /// Throws `BackupError` and what the store throws; live files are as they were then, or the next run finishes.
    package func run(_ source: RestoreSource, _ control: JobControl = JobControl()) async throws -> Report {
        let folders = try RestoreFolders(data: data)
        if let backup = try folders.finishPending() { return Report(backup: backup) }
        let live = folders.live()
        guard live.isEmpty || replace else {
            throw BackupError.refused(
                "\(data) has a store already (\(live.count) files). Restore into another folder, or stop every service and add "
                    + "--replace: what is there is then kept in a folder beside")
        }
        let inUse = folders.inUse()
        guard inUse.isEmpty else {
            throw BackupError.refused(
                "stop every service first: \(inUse.count) files of \(data) are open, as \(inUse[0])")
        }
        var report = Report(backup: source.manifest.id, taken: source.manifest.taken)
        (report.passedOver, report.missing) = (source.passedOver, source.manifest.missing)
        let target = try presentKeys(source, &report)
        try folders.prepare()
        do { try await build(source, in: folders, wrappedBy: target, &report, control) } catch {
            folders.removeBuilt()
            guard case BackupError.damaged(let what) = error else { throw error }
            throw BackupError.refused(
                "backup \(source.manifest.id) cannot be restored, and nothing was: \(what) is damaged. Take another with "
                    + "--backup ID; `mailkeep backup list` has the ids, `mailkeep backup verify --all` says which are good"
            )
        }
        try control.progress("putting everything in place", source.manifest.bytes, of: source.manifest.bytes)
        report.replaced = try folders.commit(backup: source.manifest.id)
        return report
    }

    private func build(
        _ source: RestoreSource, in folders: RestoreFolders, wrappedBy target: PurposeKeys, _ report: inout Report,
        _ control: JobControl
    ) async throws {
        var progress = Progress(control: control, total: source.manifest.bytes)
        try source.rebuild(.configuration, into: folders.root) { try progress.add($0) }
        let hasSpool = source.manifest.file("spool.db") != nil
        if hasSpool { try source.rebuild(.spool, into: folders.root) { try progress.add($0) } }
        let directory = try Directory(dataFolder: folders.root, keys: source.purposeKeys)
        let replaced = replacedConfiguration(source)
        defer { try? replaced?.close() }
        for account in try await directory.accounts() {
            guard let found = try source.file(of: account.id, in: directory) else {
                report.withoutFile.append(account.address)
                continue
            }
            let path = found.name.path(in: folders.accounts)
            do {
                try source.rebuild(found.file, to: path, key: found.key) { try progress.add($0) }
                if let key = found.key {
                    let file = AccountFileKey(file: found.name, key: key)
                    let live = (try? replaced?.fileKey(of: account.id)) ?? file
                    let marks = try await issuedMarks(account.id, live)
                    try await RestoredAccount.check(account.id, in: folders.accounts, file: file)
                    _ = try await RestoredAccount.finish(account.id, in: folders.accounts, file: file, after: marks)
                } else {
                    try AccountFile.noteRestored(path: path)
                    report.closed.append(account.address)
                }
                try await directory.keepOnly(found.name, of: account.id)
                report.accounts += 1
            } catch  where RestoredAccount.isDamage(error) {
                for suffix in ["", "-wal", "-shm", AccountFile.restoredSuffix] { unlink(path + suffix) }
                report.damaged.append(DamagedAccount(address: account.address, why: "\(error)"))
            }
            var place = try await directory.arrivals(of: account.id)
            if place == nil {
                // It had ceased to be a zero-access account, and not all was filed yet.
                place = try await directory.leftArrivals(of: account.id)?.0
            }
            guard let place else { continue }
            do {
                _ = try await RestoredArrivals.rebuild(place, source, in: folders.accounts) { try progress.add($0) }
            } catch  where RestoredAccount.isDamage(error) {
                // So that mail can come in.
                try await RestoredArrivals.makeEmpty(place, in: folders.accounts)
                report.withoutArrivals.append(DamagedAccount(address: account.address, why: "\(error)"))
            }
        }
        if hasSpool { report.held = try await holdSpool(in: folders.root, source.purposeKeys) }
        try await directory.rewrap(to: target)
        try directory.close()
        try StoreFile.configuration.rewrap(in: folders.root, from: source.purposeKeys, to: target)
        if hasSpool { try StoreFile.spool.rewrap(in: folders.root, from: source.purposeKeys, to: target) }
        report.settings = try writeSettings(source) { try progress.add($0) }
    }

    /// The keys to wrap by: those in the folder, or those of the newest master key of the backups, which are then put there.
    /// The backup itself may be from before a rotation, or have a part from before and a part from after.
    private func presentKeys(_ source: RestoreSource, _ report: inout Report) throws -> PurposeKeys {
        for folder in [keys, backupKeys].compactMap({ $0 }) { try PlainFile.makeFolder(folder, mode: 0o700) }
        if let backupKeys { try source.backupKeys.write(to: backupKeys) }
        let present = try PurposeKeys(folder: keys)
        let newest = PurposeKeys(master: source.master)
        let isThere = KeyPurpose.allCases.allSatisfy(present.contains)
        let isSame = try isThere && KeyPurpose.allCases.allSatisfy { try present.key($0) == newest.key($0) }
        report.keptKeys = isThere && !isSame
        if report.keptKeys { return present }
        if let master { try KeyFile.write(source.master, to: master) }
        try newest.write(to: keys)
        return newest
    }

    /// The configuration that is replaced, if there is one that opens: it knows the live files, which may have been keyed
    /// anew since the backup.
    private func replacedConfiguration(_ source: RestoreSource) -> Directory? {
        guard StoreFile.configuration.exists(in: data) else { return nil }
        for keys in [source.purposeKeys, try? PurposeKeys(folder: keys)].compactMap(\.self) {
            if let directory = try? Directory(dataFolder: data, keys: keys) { return directory }
        }
        return nil
    }

    /// Of the live file that is replaced, if there is one that opens.
    private func issuedMarks(_ account: AccountID, _ file: AccountFileKey) async throws -> IssuedMarks? {
        let files = AccountDirectory(root: data + "/accounts", limit: 1) { _ in file }
        guard await files.exists(account) else { return nil }
        let marks = try? await files.store(for: account).issuedMarks()
        await files.close()
        return marks
    }

    private func holdSpool(in folder: String, _ keys: PurposeKeys) async throws -> Int {
        let pool = try StoreFile.spool.open(in: folder, keys: keys, migrations: OutgoingQueue.migrations)
        let held = try await OutgoingQueue(database: pool).holdRestored()
        try pool.close()
        return held
    }

    private func writeSettings(_ source: RestoreSource, _ tell: (Int) throws -> Void) throws -> [String] {
        guard let settings else { return [] }
        var written: [String] = []
        for file in source.manifest.files where file.path.hasPrefix(StoreContents.settingsFolder + "/") {
            let path = settings + file.path.dropFirst(StoreContents.settingsFolder.count)
            guard !path.split(separator: "/").contains("..") else { throw BackupError.damaged(file.path) }
            try PlainFile.makeFolder((path as NSString).deletingLastPathComponent, mode: 0o700)
            let temporary = path + ".\(UInt64.random(in: 0 ... .max)).new"
            try source.rebuild(file, to: temporary, key: nil, tell)
            guard rename(temporary, path) == 0 else { throw BackupError.system("rename \(temporary)", errno: errno) }
            written.append(path)
        }
        return written
    }

    private struct Progress {
        let control: JobControl
        let total: Int64
        var done: Int64 = 0

        mutating func add(_ bytes: Int) throws {
            done += Int64(bytes)
            try control.progress("restoring", done, of: total)
        }
    }
}
