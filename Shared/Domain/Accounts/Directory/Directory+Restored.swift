// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import SealedSQLite

/// An account with its credentials, on the way from one config.db to another.
package struct AccountExport: Sendable {
    package let account: AccountRecord
    let credentials: [Credential]
    /// Of an ordinary account; those of a zero-access one open its file, and go with that.
    let appPasswords: [AppPassword]

    struct Credential: Sendable {
        let label: String
        let hash: String
        let created: Int64
    }

    struct AppPassword: Sendable {
        let label: String
        let code: Data
        let created: Int64
        let used: Int64?
    }
}

extension Directory {
    /// Throws `.noSuchAccount`.
    package func export(_ address: String) async throws -> AccountExport {
        let account = try await account(address)
        let arguments: StatementArguments = [account.id.description]
        return try await pool.read { db in
            let credentials = try Row.fetchAll(
                db, sql: "SELECT label, hash, created FROM credentials WHERE account = ? ORDER BY id",
                arguments: arguments
            ).map { AccountExport.Credential(label: $0[0], hash: $0[1], created: $0[2]) }
            let apps = try Row.fetchAll(
                db, sql: "SELECT label, code, created, used FROM app_passwords WHERE account = ? ORDER BY id",
                arguments: arguments
            ).map { AccountExport.AppPassword(label: $0[0], code: $0[1], created: $0[2], used: $0[3]) }
            return AccountExport(
                account: account, credentials: credentials, appPasswords: account.isZeroAccess ? [] : apps)
        }
    }

    /// Adds an account whose file is there already.
    /// - Parameters:
    ///   - file: which, and its key, which is wrapped here by the accounts key.
    ///   - password: of an account that had none in the export: a zero-access one, which comes as an ordinary one.
    /// Throws `.noSuchDomain`, `.addressTaken`, `.passwordLength`.
    package func add(
        _ export: AccountExport, as address: String, id: AccountID, file: AccountFileKey, password: SecretBytes? = nil,
        by actor: String
    ) async throws {
        let name = try LocalName(new: address)
        var credentials = export.credentials
        if let password {
            credentials = [AccountExport.Credential(label: "", hash: try await hash(password), created: seconds)]
        }
        let (passwords, apps) = (credentials, export.appPasswords)
        let account = export.account
        try await pool.write { db in
            let domain = try name.domainRow(in: db)
            if try name.isTaken(in: db) { throw DirectoryError.addressTaken(name.address) }
            try db.execute(
                sql: """
                    INSERT INTO accounts (id, domain, name, display_name, created, disabled, administrator)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    id.description, domain, name.name, account.displayName, account.created, account.isDisabled,
                    account.isAdministrator,
                ])
            try self.insertAccountsSlot(of: file, in: id, in: db)
            for credential in passwords {
                try db.execute(
                    sql: "INSERT INTO credentials (account, label, hash, created) VALUES (?, ?, ?, ?)",
                    arguments: [id.description, credential.label, credential.hash, credential.created])
            }
            for app in apps {
                try db.execute(
                    sql: "INSERT INTO app_passwords (account, label, code, created, used) VALUES (?, ?, ?, ?, ?)",
                    arguments: [id.description, app.label, app.code, app.created, app.used])
            }
            try self.note("account restore", name.address, by: actor, in: db)
        }
    }

    /// From now on that is the account's file, whatever it was before; slots of its other files go. For a store that came out
    /// of a backup and has that file alone.
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
