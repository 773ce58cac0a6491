// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import SealedSQLite

/// A zero-access account whose file is to get another key, and all that is to open it then: whatever opens the present one.
package struct OwnerRekeying: Sendable {
    package let account: AccountRecord
    let opened: OpenedAccount
    let password: KeySlot.HashedPassword

    /// Its present file, which nobody else need have open.
    package var present: AccountFileKey { opened.fileKey }

    /// For the file that takes the present one's place. The password is at hand; for the recovery key and the app passwords,
    /// which are not, their public keys are. Throws `.keysChanged` when what opens the present file is not what
    /// it was, `RekeyError.secretLeftBehind`.
    package var slots: NextSlots {
        NextSlots { db, account, file, directory in
            guard try Directory.isUnchanged(self.account, opened, in: db) else {
                throw DirectoryError.keysChanged(self.account.address)
            }
            let identity = SlotKind.identity(account: account, file: file.file)
            try directory.insert(
                password.seal(file.key, identity: identity), .password, of: account, file: file.file, state: .pending,
                in: db)
            let arrivals = KeySlot.seal(
                try arrivalSeed(in: db), kind: .arrivalKey, identity: identity, key: file.key)
            try directory.insert(arrivals, .arrivalKey, of: account, file: file.file, state: .pending, in: db)
            for kind in [SlotKind.recovery, .app] {
                for secret in try secrets(kind, in: db) {
                    let slot = try KeySlot.seal(file.key, kind: kind, to: secret.publicKey, identity: identity)
                    try directory.insert(
                        slot, kind, of: account, file: file.file, state: .pending, app: secret.app, in: db)
                    try directory.insert(
                        publicKey: secret.publicKey, of: kind, account, file, state: .pending, app: secret.app, in: db)
                }
            }
        }
    }

    private func arrivalSeed(in db: Database) throws -> SealedKey {
        guard let row = try Directory.slot(.arrivalKey, of: account.id, file: opened.file, in: db),
            let seed = try row.slot.open(kind: .arrivalKey, identity: opened.identity, key: opened.key)
        else { throw KeySlotError.malformed }
        return seed
    }

    /// The public keys of what opens the present file. Throws `RekeyError.secretLeftBehind` for what has none.
    private func secrets(_ kind: SlotKind, in db: Database) throws -> [(app: Int64?, publicKey: [UInt8])] {
        guard let part = kind.publicPart else { return [] }
        return try Row.fetchAll(
            db,
            sql: """
                SELECT s.app, p.slot, a.label FROM account_slots s
                LEFT JOIN account_slots p
                    ON p.account = s.account AND p.file = s.file AND p.kind = ?1 AND p.app IS s.app
                LEFT JOIN app_passwords a ON a.id = s.app
                WHERE s.account = ?2 AND s.file = ?3 AND s.kind = ?4 ORDER BY s.id
                """, arguments: [part.rawValue, account.id.description, opened.file.description, kind.rawValue]
        ).map { row -> (app: Int64?, publicKey: [UInt8]) in
            guard let slot = (row[1] as Data?).map(KeySlot.init(bytes:)) else {
                throw RekeyError.secretLeftBehind(appPassword: row[2])
            }
            guard let publicKey = try slot.openPublicKey(kind: part, identity: opened.identity, key: opened.key) else {
                throw KeySlotError.malformed
            }
            return (row[0], publicKey)
        }
    }
}

extension Directory {
    /// What is to open the next file of a zero-access account; `MailStore` makes it. Throws `.notZeroAccess`, `.wrongPassword`.
    package func prepareRekeying(of address: String, password: SecretBytes) async throws -> OwnerRekeying {
        let account = try await account(address)
        let opened = try await open(account, with: .password(password))
        return OwnerRekeying(account: account, opened: opened, password: try await hashed(password))
    }
}
