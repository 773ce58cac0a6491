// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import MailStore
import SealedSQLite

/// An account that is not there. Its files come into place under names that no slot has; then one transaction of config.db
/// adds it with everything. Killed before that, there is no such account, and the next run puts the files aside.
extension RestoreAccount {
    /// As it was: the files, the slots that its owner's secrets open, the sealed mail. Docs: decisions/0054.
    func bringBack(
        _ built: RebuiltAccount, to live: Directory, _ folders: RestoreFolders, _ report: inout Report
    ) async throws {
        let export = built.export
        let names = [export.file] + (export.arrivals.map { [$0.file] } ?? [])
        guard try await live.namedFiles().isDisjoint(with: names) else {
            throw BackupError.refused(
                "another account here has a file of that name; give it a new key: mailkeep account rekey")
        }
        let file = export.file.description + ".db"
        var files = [file]
        var opening = RestoredFile.byOwnerAsThen
        if let place = export.arrivals {
            report.waiting = built.waiting?.messages ?? 0
            files.insert("\(place.file)\(ArrivalsFile.suffix)", at: 0)
            if built.key == nil {
                try AccountFile.noteRestored(path: built.path)
                files.insert(file + AccountFile.restoredSuffix, at: 0)
            } else {
                _ = try await built.finish(after: nil, filing: false)
            }
        } else {
            try await report.note(built.finish(after: nil))
            opening = try .byAccountsKey(built.file)
        }
        try await folders.place(files, for: live) {
            try await live.add(export, as: export.account.address, id: built.id, file: opening, by: actor)
        }
    }

    /// As a second account: with an id, a file and a key of its own.
    func addBeside(
        _ built: RebuiltAccount, to live: Directory, _ folders: RestoreFolders, _ report: inout Report
    ) async throws {
        try await report.note(built.finish(after: nil))
        let (id, file) = (AccountID.random(), AccountFileKey(file: .random(), key: .random()))
        try SealedDatabase.copy(
            built.path, key: built.file.key, to: file.file.path(in: folders.accounts), key: file.key)
        var files = ["\(file.file).db"]
        var opening = RestoredFile.byAccountsKey(file)
        if built.export.account.isZeroAccess, case .password(let password) = owner {
            let protection = try await live.protectionOfNew(id, as: built.export, password: password)
            try await RestoredArrivals.makeEmpty(protection.place, in: folders.accounts)
            files.insert("\(protection.place.file)\(ArrivalsFile.suffix)", at: 0)
            report.recoveryKey = protection.recovery.text
            opening = .byOwner(protection, file)
        }
        try await folders.place(files, for: live) {
            try await live.add(built.export, as: report.address, id: id, file: opening, by: actor)
        }
    }
}

extension RestoreAccount.Report {
    /// More than once for one account: what was filed before is there.
    mutating func note(_ mail: FiledMail) {
        filed += mail.messages
        unopened = mail.unopened
    }
}
