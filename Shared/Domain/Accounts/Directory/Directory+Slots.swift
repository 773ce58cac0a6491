// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB

/// Rows of `account_slots`.
extension Directory {
    struct SlotRow {
        let id: Int64
        let slot: KeySlot
    }

    /// The account's file as the rows have it; `nil` when there is no such account.
    static func file(of account: AccountID, in db: Database) throws -> AccountFileName? {
        try states(of: account, in: db).first { $0.state == .current }?.file
    }

    /// The slot of that kind of a file; not for `app`, of which there may be many.
    static func slot(
        _ kind: SlotKind, of account: AccountID, file: AccountFileName, in db: Database
    ) throws -> SlotRow? {
        try Row.fetchOne(
            db,
            sql: """
                SELECT id, slot FROM account_slots WHERE account = ?1 AND kind = ?2
                    AND (file = ?3 OR file = '' AND account = ?3) ORDER BY id DESC LIMIT 1
                """, arguments: [account.description, kind.rawValue, file.description]
        ).map { SlotRow(id: $0[0], slot: KeySlot(bytes: $0[1] as Data)) }
    }

    /// - Parameter app: the row of `app_passwords` that a slot of kind `app` goes with.
    func insert(
        _ slot: KeySlot, _ kind: SlotKind, of account: AccountID, file: AccountFileName, state: FileState = .current,
        app: Int64? = nil, in db: Database
    ) throws {
        try db.execute(
            sql: """
                INSERT INTO account_slots (account, kind, file, slot, state, changed, app) VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                account.description, kind.rawValue, file.description, slot.data, state.rawValue, seconds, app,
            ])
    }

    /// Lets an app password or a recovery key open an account's file, and the next one.
    func insert(
        _ secret: SecretBytes, _ kind: SlotKind, of account: AccountID, file: AccountFileKey,
        state: FileState = .current, app: Int64? = nil, in db: Database
    ) throws {
        let identity = SlotKind.identity(account: account, file: file.file)
        try insert(
            KeySlot.seal(file.key, kind: kind, secret: secret, identity: identity), kind, of: account, file: file.file,
            state: state, app: app, in: db)
        try insert(
            publicKey: KeySlot.publicKey(of: secret, kind: kind), of: kind, account, file, state: state, app: app,
            in: db)
    }

    /// - Parameter kind: of the slot that the public key is for.
    func insert(
        publicKey: [UInt8], of kind: SlotKind, _ account: AccountID, _ file: AccountFileKey, state: FileState,
        app: Int64?, in db: Database
    ) throws {
        guard let part = kind.publicPart else { return }
        let slot = KeySlot.seal(
            publicKey: publicKey, kind: part, identity: SlotKind.identity(account: account, file: file.file),
            key: file.key)
        try insert(slot, part, of: account, file: file.file, state: state, app: app, in: db)
    }

    /// Lets the accounts key open an account's file.
    func insertAccountsSlot(
        of file: AccountFileKey, in account: AccountID, state: FileState = .current, in db: Database
    ) throws {
        let slot = try wrap(file.key, for: .accounts, identity: file.file.identity(in: account), in: db)
        try insert(slot, .accounts, of: account, file: file.file, state: state, in: db)
    }

    /// Puts another slot in a row's place; `false` when the row is not as it was read any more.
    static func replace(_ row: SlotRow, by slot: KeySlot, in db: Database) throws -> Bool {
        try db.execute(
            sql: "UPDATE account_slots SET slot = ? WHERE id = ? AND slot = ?",
            arguments: [slot.data, row.id, row.slot.data])
        return db.changesCount == 1
    }
}
