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
/// the spool. What config.db has of it stays as it is today. An account that was removed comes back as it was, with its id,
/// files, passwords, quota and aliases; a zero-access one also without its owner.
///
/// Mail that waited sealed for a zero-access account when the backup was taken is a part of its content: it is filed at
/// once where the account is opened here, and otherwise waits on. What waits today stays where it is.
package struct RestoreAccount: Sendable {
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
        /// Messages that waited sealed when the backup was taken: filed now; left to the owner's next login; that do not open.
        package var filed = 0
        package var waiting = 0
        package var unopened = 0
        /// Why what waited sealed did not come back.
        package var withoutArrivals: String?
        /// Aliases that led to it when the backup was taken, and that do not now.
        package var aliasesGone: [String] = []
        /// Newer backups that do not have the account whole.
        package var passedOver: [RestoreSource.PassedOver] = []
    }

    /// Where the account comes to.
    enum Place {
        case inPlaceOf(AccountRecord)
        /// It was removed.
        case asItWas
        /// As a second account.
        case beside(String)
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

    var accounts: String { data + "/accounts" }

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
        defer { folders.removeBuilt() }
        let live = try Directory(dataFolder: data, keys: keys)
        defer { try? live.close() }
        let (built, place, passedOver) = try await rebuild(source, in: folders, for: live, control)
        var report = Report(
            backup: source.manifest.id, taken: source.manifest.taken, address: built.export.account.address,
            wasAbsent: true, withoutArrivals: built.withoutArrivals, passedOver: passedOver)
        switch place {
        case .inPlaceOf(let present):
            report.address = present.address
            report.wasAbsent = false
            try await replace(built, present, in: live, &report, control)
        case .asItWas: try await bringBack(built, to: live, folders, &report)
        case .beside(let address):
            report.address = address
            try await addBeside(built, to: live, folders, &report)
        }
        if newAddress == nil {
            let present = try await live.aliases(leadingTo: report.address).map(\.address)
            report.aliasesGone = built.export.aliasAddresses.filter { !present.contains($0) }
        }
        return report
    }

    /// Where it is to come to; what stands against that is told before any work.
    func place(of export: AccountExport, in live: Directory) async throws -> Place {
        if let newAddress {
            try await live.checkFree(newAddress)
            try checkPassword(of: export.account)
            return .beside(newAddress)
        }
        if let present = try await live.account(export.account.id) {
            try await open(present, in: live, of: "here")?.release()
            return .inPlaceOf(present)
        }
        try await live.checkFree(export.account.address)
        return .asItWas
    }

    /// Opens what was a zero-access account in the backup; nil for every other, and for one that comes back as it was when no
    /// secret of its owner was given.
    func open(
        _ export: AccountExport, for place: Place, in directory: Directory, of where: String
    ) async throws -> KeyHold? {
        if case .asItWas = place, owner == nil { return nil }
        return try await open(export.account, in: directory, of: `where`)
    }

    /// Opens a zero-access account for as long as the hold lives; nil for every other.
    func open(_ account: AccountRecord, in directory: Directory, of place: String) async throws -> KeyHold? {
        guard account.isZeroAccess else { return nil }
        do { return try await directory.hold(account.address, with: owner) } catch DirectoryError.ownerNeeded {
            throw BackupError.refused(
                "\(place) \(account.address) is a zero-access account, which the keys of the server do not open: give its password or "
                    + "its recovery key of then. Without them it comes back as it was once it is removed here, or with everything else: "
                    + "mailkeep restore all --data FOLDER"
            )
        } catch DirectoryError.wrongPassword {
            throw BackupError.refused(
                "\(place) \(account.address) has another password; the recovery key, unless it was renewed, fits everywhere"
            )
        } catch DirectoryError.wrongRecoveryKey {
            throw BackupError.refused("\(place) \(account.address) has another recovery key; give the password of then")
        }
    }

    /// A second zero-access account is made by its password alone.
    private func checkPassword(of account: AccountRecord) throws {
        guard account.isZeroAccess else { return }
        guard case .password = owner else {
            throw BackupError.refused(
                "\(account.address) is a zero-access account: to make another one of it its password is needed, not its recovery key"
            )
        }
    }
}
