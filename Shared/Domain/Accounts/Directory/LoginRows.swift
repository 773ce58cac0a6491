// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import SealedSQLite

/// An account that somebody wants to come in to, and what its passwords are checked by.
struct LoginRows: Sendable {
    let account: AccountRecord
    /// The name of its file.
    let file: AccountFileName
    /// Of the account's own password.
    let verifier: PasswordVerifier
    /// Whether another is being put in its place, or was when that was cut off.
    let isBeingReplaced: Bool
    private let apps: [AppPasswordRow]

    struct AppPasswordRow: Sendable {
        let id: Int64
        let code: SealedKey
        /// Midnight (UTC) of the day of the last login.
        let used: Int64?
        let slot: KeySlot?
    }

    /// `nil`: there is no such account.
    init?(_ name: LocalName?, in db: Database) throws {
        let row = try Row.fetchOne(
            db, sql: "\(Directory.accountRows) WHERE d.name = ? AND a.name = ?", arguments: [name?.domain, name?.name])
        guard let account = row.flatMap(Directory.record) else { return nil }
        let states = try Directory.states(of: account.id, in: db)
        guard let file = states.first(where: { $0.state == .current })?.file else { return nil }
        isBeingReplaced = states.contains { $0.state == .pending }
        let id = account.id.description
        (self.account, self.file) = (account, file)
        if account.isZeroAccess {
            verifier =
                try Directory.slot(.password, of: account.id, file: file, in: db)
                .map { .slot($0.slot, account: account.id, file: file) } ?? .nobody
        } else {
            verifier =
                try String.fetchOne(
                    db, sql: "SELECT hash FROM credentials WHERE account = ? AND label = ''", arguments: [id]
                ).map { .hash($0) } ?? .nobody
        }
        apps = try Row.fetchAll(
            db,
            sql: """
                SELECT p.id, p.code, p.used, s.slot FROM app_passwords p
                LEFT JOIN account_slots s ON s.app = p.id AND s.kind = 'app' AND s.file = ?
                WHERE p.account = ? LIMIT ?
                """, arguments: [file.description, id, Directory.appPasswords]
        ).compactMap { row in
            guard let code = SealedKey(row[1] as Data) else { return nil }
            return AppPasswordRow(
                id: row[0], code: code, used: row[2], slot: (row[3] as Data?).map(KeySlot.init(bytes:)))
        }
    }

    /// The app password that this is, if any. Compared in constant time.
    func verifier(ofApp password: SecretBytes) -> (AppPasswordRow, PasswordVerifier)? {
        guard !apps.isEmpty, let password = AppPassword(password) else { return nil }
        let code = password.code
        guard let app = apps.first(where: { $0.code == code }), !account.isZeroAccess || app.slot != nil else {
            return nil
        }
        return (app, .app(password, code: code, slot: app.slot, account: account.id, file: file))
    }
}
