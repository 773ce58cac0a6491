// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import SealedSQLite

/// Passwords for one program or device each.
extension Directory {
    /// Makes one, to be shown once.
    /// - Parameter owner: of a zero-access account, which it opens.
    /// Throws `.appPasswordLabel`, `.appPasswordExists`, `.tooManyAppPasswords`, and what `open` throws.
    package func addAppPassword(
        of address: String, label: String, owner: OwnerSecret? = nil, by actor: String
    ) async throws -> AppPassword {
        let label = label.precomposedStringWithCanonicalMapping
        guard (1...Self.appPasswordLabel).contains(label.utf8.count),
            !label.unicodeScalars.contains(where: { CharacterSet.controlCharacters.contains($0) })
        else { throw DirectoryError.appPasswordLabel }
        let account = try await account(address)
        let opened = account.isZeroAccess ? try await open(account, with: owner) : nil
        let (password, time) = (AppPassword.random(), seconds)
        let code = password.code.withUnsafeBytes { Data($0) }
        try await pool.write { db in
            let id = account.id.description
            try self.checkMayChange(account, opened, in: db)
            let labels = try String.fetchAll(
                db, sql: "SELECT label FROM app_passwords WHERE account = ?", arguments: [id])
            guard !labels.contains(label) else { throw DirectoryError.appPasswordExists(label) }
            guard labels.count < Self.appPasswords else { throw DirectoryError.tooManyAppPasswords }
            try db.execute(
                sql: "INSERT INTO app_passwords (account, label, code, created) VALUES (?, ?, ?, ?)",
                arguments: [id, label, code, time])
            if let opened {
                try self.insert(
                    password.secret, .app, of: account.id, file: opened.fileKey, app: db.lastInsertedRowID, in: db)
            }
            try self.note("account app-password add", "\(account.address): \(label)", by: actor, in: db)
        }
        return password
    }

    /// In the order in which they were made. `.noSuchAccount`
    package func appPasswords(of address: String) async throws -> [AppPasswordRecord] {
        let account = try await account(address)
        return try await pool.read { db in
            try Row.fetchAll(
                db, sql: "SELECT label, created, used FROM app_passwords WHERE account = ? ORDER BY id",
                arguments: [account.id.description]
            ).map { AppPasswordRecord(label: $0[0], created: $0[1], used: $0[2]) }
        }
    }

    /// Logs nobody in any more, from the next login on. Throws `.noSuchAppPassword`.
    package func removeAppPassword(of address: String, label: String, by actor: String) async throws {
        let label = label.precomposedStringWithCanonicalMapping
        let account = try await account(address)
        try await pool.write { db in
            try db.execute(
                sql: "DELETE FROM app_passwords WHERE account = ? AND label = ?",
                arguments: [account.id.description, label])
            guard db.changesCount == 1 else { throw DirectoryError.noSuchAppPassword(label) }
            try self.note("account app-password remove", "\(account.address): \(label)", by: actor, in: db)
        }
    }

    /// Notes the day of a login, once a day.
    func noteUse(of app: LoginRows.AppPasswordRow) async throws {
        let today = seconds - seconds % 86_400
        guard app.used != today else { return }
        try await pool.write {
            try $0.execute(sql: "UPDATE app_passwords SET used = ? WHERE id = ?", arguments: [today, app.id])
        }
    }
}
