// SPDX-License-Identifier: Apache-2.0
import GRDB
import SealedSQLite

/// Switching zero access off.
extension Directory {
    /// Wraps the key of the account's file by the accounts key again. Its app passwords stay. What mail for it was sealed to
    /// stays too, until nothing of it waits any more (`forgetArrivals`).
    /// Throws `.notZeroAccess`, `.wrongPassword`, `.keysChanged`.
    package func unprotect(_ address: String, password: SecretBytes, by actor: String) async throws {
        let account = try await account(address)
        let opened = try await open(account, with: .password(password))
        let hash = try await hash(password)
        let (id, time) = (account.id.description, seconds)
        let slot = try KeySlot.seal(opened.key, for: .accounts, identity: opened.file, keys: keys)
        try await pool.write { db in
            guard try Self.isUnchanged(account, opened, in: db) else {
                throw DirectoryError.keysChanged(account.address)
            }
            try db.execute(
                sql: "DELETE FROM account_slots WHERE account = ? AND kind IN ('password', 'app', 'recovery')",
                arguments: [id])
            try Self.insert(slot, .accounts, of: account.id, file: opened.file, in: db)
            try db.execute(
                sql: "INSERT INTO credentials (account, label, hash, created) VALUES (?, '', ?, ?)",
                arguments: [id, hash, time])
            try db.execute(sql: "UPDATE accounts SET zero_access = 0 WHERE id = ?", arguments: [id])
            try self.note("account unprotect", account.address, by: actor, in: db)
        }
    }

    /// Nothing sealed waits for an account that is no zero-access one any more.
    package func forgetArrivals(of account: AccountID) async throws {
        try await pool.write { db in
            try db.execute(
                sql: """
                    DELETE FROM account_slots WHERE account = ?1 AND kind IN ('arrivals', 'arrival-key')
                        AND NOT (SELECT zero_access FROM accounts WHERE id = ?1)
                    """, arguments: [account.description])
            try db.execute(
                sql: "UPDATE accounts SET public_key = NULL WHERE id = ? AND NOT zero_access",
                arguments: [account.description])
        }
    }
}
