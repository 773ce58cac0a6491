// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import SealedSQLite

/// What opens the file of an account that comes out of a backup.
package enum RestoredFile: Sendable {
    /// The accounts key, as it is wrapped here now: an ordinary account.
    case byAccountsKey(AccountFileKey)
    /// A zero-access account as it was: the secrets of then. Its file, and that of its arrivals, have the names that they
    /// had, which the slots are bound to.
    case byOwnerAsThen
    /// A zero-access account of another id: what was made for it.
    case byOwner(Protection, AccountFileKey)
}

extension Directory {
    /// Adds an account whose files are in their places already, with all that the export has of it, in one transaction. Its
    /// aliases come with its own id only: with another one it is a second account beside.
    ///
    /// Throws `.noSuchDomain`, `.addressTaken`.
    package func add(
        _ export: AccountExport, as address: String, id: AccountID, file: RestoredFile, by actor: String
    ) async throws {
        let name = try LocalName(new: address)
        let account = export.account
        try await pool.write { db in
            let domain = try name.domainRow(in: db)
            if try name.isTaken(in: db) { throw DirectoryError.addressTaken(name.address) }
            try db.execute(
                sql: """
                    INSERT INTO accounts (id, domain, name, display_name, created, disabled, administrator, quota)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    id.description, domain, name.name, account.displayName, account.created, account.isDisabled,
                    account.isAdministrator, account.quota.column,
                ])
            switch file {
            case .byAccountsKey(let file):
                try self.insertAccountsSlot(of: file, in: id, in: db)
                try Self.insertCredentials(export, of: id, in: db)
                for app in export.appPasswords { try Self.insert(app, of: id, in: db) }
            case .byOwnerAsThen:
                try self.insertSlots(export, in: db)
            case .byOwner(let protection, let file):
                try protection.insert(for: id, file, state: .current, by: self, in: db)
                try self.noteArrivals(protection, in: db)
                try Self.noteZeroAccess(id, in: db)
            }
            if id == account.id { try self.bringBack(export.aliases, of: name, in: db) }
            try self.note("account restore", name.address, by: actor, in: db)
        }
    }

    /// What opens a zero-access account that is made of another one's export: its password, and a new recovery key. Throws
    /// `.passwordLength`.
    package func protectionOfNew(
        _ id: AccountID, as export: AccountExport, password: SecretBytes
    ) async throws -> Protection {
        let arrivals = try ArrivalKey.random()
        return Protection(
            account: export.account, hash: nil, present: nil, recovery: .random(.account),
            place: ArrivalsPlace.new(for: id, publicKey: arrivals.publicKey), password: try await hashed(password),
            arrivals: arrivals)
    }

    private static func insertCredentials(_ export: AccountExport, of id: AccountID, in db: Database) throws {
        for credential in export.credentials {
            try db.execute(
                sql: "INSERT INTO credentials (account, label, hash, created) VALUES (?, ?, ?, ?)",
                arguments: [id.description, credential.label, credential.hash, credential.created])
        }
    }

    private static func insert(_ app: AccountExport.AppPassword, of id: AccountID, in db: Database) throws {
        try db.execute(
            sql: "INSERT INTO app_passwords (account, label, code, created, used) VALUES (?, ?, ?, ?, ?)",
            arguments: [id.description, app.label, app.code, app.created, app.used])
    }

    /// Of a zero-access account, as they were; that of its arrivals wrapped by the accounts key of now.
    private func insertSlots(_ export: AccountExport, in db: Database) throws {
        let (id, file) = (export.account.id, export.file)
        guard let place = export.arrivals else { throw DirectoryError.notZeroAccess(export.account.address) }
        for slot in export.slots { try insert(slot.slot, slot.kind, of: id, file: file, in: db) }
        for app in export.appPasswords {
            guard let slot = app.slot else { continue }
            try Self.insert(app, of: id, in: db)
            let row = db.lastInsertedRowID
            try insert(slot, .app, of: id, file: file, app: row, in: db)
            if let slot = app.publicSlot { try insert(slot, .appPublic, of: id, file: file, app: row, in: db) }
        }
        try insert(slot(of: place, in: db), .arrivals, of: id, file: place.file, in: db)
        try db.execute(
            sql: "UPDATE accounts SET public_key = ? WHERE id = ?", arguments: [Data(place.publicKey), id.description])
        try Self.noteZeroAccess(id, in: db)
    }

    private static func noteZeroAccess(_ id: AccountID, in db: Database) throws {
        try db.execute(sql: "UPDATE accounts SET zero_access = 1 WHERE id = ?", arguments: [id.description])
    }

    /// From now on that is the account's file, whatever it was before; slots of its other files go, and it is a zero-access
    /// account when the file is one that its owner opens. For a config.db that came out of a backup with that file alone.
    package func keepOnly(_ file: AccountFileName, of account: AccountID) async throws {
        try await pool.write { db in
            try db.execute(
                sql: """
                    DELETE FROM account_slots
                    WHERE account = ?1 AND \(Self.fileSlots) AND CASE file WHEN '' THEN account ELSE file END <> ?2
                    """,
                arguments: [account.description, file.description])
            try db.execute(
                sql: "UPDATE account_slots SET state = 'current' WHERE account = ?1 AND \(Self.fileSlots)",
                arguments: [account.description])
            try Self.becomeAsItsFile(account, file, in: db)
        }
    }

    /// Throws what `add` would, before any work.
    package func checkFree(_ address: String) async throws {
        let name = try LocalName(new: address)
        try await pool.read { db in
            _ = try name.domainRow(in: db)
            if try name.isTaken(in: db) { throw DirectoryError.addressTaken(name.address) }
        }
    }
}
