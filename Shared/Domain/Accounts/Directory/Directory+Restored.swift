// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import SealedSQLite

/// An account with its credentials, on the way from one config.db to another.
package struct AccountExport: Sendable {
    package let account: AccountRecord
    let credentials: [Credential]

    struct Credential: Sendable {
        let label: String
        let hash: String
        let created: Int64
    }
}

extension Directory {
    /// Throws `.noSuchAccount`.
    package func export(_ address: String) async throws -> AccountExport {
        let account = try await account(address)
        let credentials = try await pool.read { db in
            try Row.fetchAll(
                db, sql: "SELECT label, hash, created FROM credentials WHERE account = ? ORDER BY id",
                arguments: [account.id.description]
            ).map { AccountExport.Credential(label: $0[0], hash: $0[1], created: $0[2]) }
        }
        return AccountExport(account: account, credentials: credentials)
    }

    /// Adds an account whose file is there already.
    /// - Parameters:
    ///   - id: the name of its file.
    ///   - key: the file's; wrapped here by the accounts key.
    /// Throws `.noSuchDomain`, `.addressTaken`.
    package func add(_ export: AccountExport, as address: String, id: AccountID, key: SealedKey, by actor: String)
        async throws
    {
        let name = try LocalName(new: address)
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
            try db.execute(
                sql: "INSERT INTO account_slots (account, kind, slot) VALUES (?, 'accounts', ?)",
                arguments: [id.description, self.wrap(key, for: .accounts, identity: id.description, in: db).data])
            for credential in export.credentials {
                try db.execute(
                    sql: "INSERT INTO credentials (account, label, hash, created) VALUES (?, ?, ?, ?)",
                    arguments: [id.description, credential.label, credential.hash, credential.created])
            }
            try self.note("account restore", name.address, by: actor, in: db)
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
