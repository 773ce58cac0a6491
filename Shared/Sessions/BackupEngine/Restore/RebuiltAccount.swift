// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import MailStore
import SealedSQLite

/// One account out of a backup, rebuilt and checked in the `restoring` folder: in no place yet.
struct RebuiltAccount {
    let export: AccountExport
    /// Nil: a zero-access account's, which nobody opened.
    let key: SealedKey?
    let waiting: WaitingMail?
    /// Why mail that waited sealed when the backup was taken cannot be had. Its file is empty then.
    let withoutArrivals: String?
    let folder: String

    var id: AccountID { export.account.id }
    var path: String { export.file.path(in: folder) }

    /// Throws `BackupError.refused` when nobody opened it.
    var file: AccountFileKey {
        get throws {
            guard let key else { throw BackupError.refused("the key of \(export.account.address) is its owner's") }
            return AccountFileKey(file: export.file, key: key)
        }
    }

    /// Raises what it gives out past `marks`, and files what waited sealed for it.
    func finish(after marks: IssuedMarks?, filing: Bool = true) async throws -> FiledMail {
        try await RestoredAccount.finish(id, in: folder, file: file, after: marks, filing: filing ? waiting : nil)
    }
}

extension RestoreAccount {
    /// The backup does not have the account, or not whole.
    private struct Lack: Error {
        let why: String
    }

    /// Rebuilds the account out of the backup that was named, else the newest that has it whole; without such the newest that
    /// has its file.
    func rebuild(
        _ source: RestoreSource, in folders: RestoreFolders, for live: Directory, _ control: JobControl
    ) async throws -> (RebuiltAccount, Place, passedOver: [RestoreSource.PassedOver]) {
        var passedOver: [RestoreSource.PassedOver] = []
        var partial: String?
        for id in source.ids {
            let why: String
            do {
                try source.take(id)
                let (built, place) = try await rebuildOne(source, in: folders, for: live, control)
                guard let lacking = built.withoutArrivals, source.ids.count > 1 else {
                    return (built, place, passedOver)
                }
                partial = partial ?? id
                why = lacking
            } catch let lack as Lack {
                why = lack.why
            } catch  where RestoredAccount.isDamage(error) {
                why = "\(error)"
            }
            passedOver.append(RestoreSource.PassedOver(backup: id, why: why))
        }
        guard let partial else {
            let why = passedOver.first.map { "; in the newest, \($0.backup): \($0.why)" } ?? ""
            throw BackupError.refused(
                source.ids.count == 1
                    ? "backup \(source.ids[0]) does not bring \(address) back: \(passedOver[0].why)"
                    : "no backup has \(address) whole\(why)")
        }
        try source.take(partial)
        let (built, place) = try await rebuildOne(source, in: folders, for: live, control)
        return (built, place, Array(passedOver.prefix { $0.backup != partial }))
    }

    private func rebuildOne(
        _ source: RestoreSource, in folders: RestoreFolders, for live: Directory, _ control: JobControl
    ) async throws -> (RebuiltAccount, Place) {
        try folders.prepare()
        try source.rebuild(.configuration, into: folders.root) { _ in try control.progress("restoring") }
        let directory = try Directory(dataFolder: folders.root, keys: source.purposeKeys)
        defer { try? directory.close() }
        let account: AccountRecord
        do { account = try await directory.account(address) } catch DirectoryError.noSuchAccount {
            throw Lack(why: "there is no such account in it")
        }
        guard let found = try source.file(of: account.id, in: directory) else {
            throw Lack(why: "it has no file of it")
        }
        try await directory.keepOnly(found.name, of: account.id)
        let export = try await directory.export(address)
        let place = try await self.place(of: export, in: live)
        let hold = try await open(export, for: place, in: directory, of: "in backup \(source.manifest.id)")
        defer { hold?.release() }
        let isClosed = export.account.isZeroAccess && hold == nil
        let key = isClosed ? nil : try directory.fileKey(of: account.id).key

        var done: Int64 = 0
        func tell(_ bytes: Int) throws {
            done += Int64(bytes)
            try control.progress("restoring", done, of: max(done, found.file.bytes))
        }
        let path = export.file.path(in: folders.accounts)
        try source.rebuild(found.file, to: path, key: key, tell)
        if let key {
            try await RestoredAccount.check(
                account.id, in: folders.accounts, file: AccountFileKey(file: export.file, key: key))
        }
        let (waiting, lacking) = try await rebuildArrivals(
            of: export, source, directory, isClosed: isClosed, in: folders.accounts, tell)
        return (
            RebuiltAccount(
                export: export, key: key, waiting: waiting, withoutArrivals: lacking, folder: folders.accounts), place
        )
    }

    /// Also of an account that had ceased to be a zero-access one, when not all of it was filed yet.
    private func rebuildArrivals(
        of export: AccountExport, _ source: RestoreSource, _ directory: Directory, isClosed: Bool, in folder: String,
        _ tell: (Int) throws -> Void
    ) async throws -> (WaitingMail?, lacking: String?) {
        var (place, key) = (export.arrivals, ArrivalKey?.none)
        if place == nil {
            (place, key) = try await directory.leftArrivals(of: export.account.id).map { ($0, $1) } ?? (nil, nil)
        } else if !isClosed {
            key = try await directory.arrivalKey(of: export.account.id)
        }
        guard let place else { return (nil, nil) }
        do {
            let messages = try await RestoredArrivals.rebuild(place, source, in: folder, tell)
            return (WaitingMail(place: place, key: key, messages: messages), nil)
        } catch  where RestoredAccount.isDamage(error) {
            try await RestoredArrivals.makeEmpty(place, in: folder)
            return (WaitingMail(place: place, key: key, messages: 0), "\(error)")
        }
    }
}
