// SPDX-License-Identifier: Apache-2.0
import GRDB

/// Rows of `account_slots`.
extension Directory {
    struct SlotRow {
        let id: Int64
        let slot: KeySlot
    }

    /// The name of the account's file; `nil` when there is no such account.
    static func file(of account: AccountID, in db: Database) throws -> String? {
        try String.fetchOne(db, sql: "SELECT id FROM accounts WHERE id = ?", arguments: [account.description])
    }

    /// The slot of that kind; not for `app`, of which there may be many.
    static func slot(_ kind: SlotKind, of account: AccountID, file: String, in db: Database) throws -> SlotRow? {
        try Row.fetchOne(
            db, sql: "SELECT id, slot FROM account_slots WHERE account = ? AND kind = ?",
            arguments: [account.description, kind.rawValue]
        ).map { SlotRow(id: $0[0], slot: KeySlot(bytes: $0[1])) }
    }

    /// - Parameter app: the row of `app_passwords` that a slot of kind `app` goes with.
    static func insert(
        _ slot: KeySlot, _ kind: SlotKind, of account: AccountID, file: String, app: Int64? = nil, in db: Database
    ) throws {
        try db.execute(
            sql: "INSERT INTO account_slots (account, kind, file, slot, app) VALUES (?, ?, ?, ?, ?)",
            arguments: [account.description, kind.rawValue, file, slot.data, app])
    }

    /// Puts another slot in a row's place; `false` when the row is not as it was read any more.
    static func replace(_ row: SlotRow, by slot: KeySlot, in db: Database) throws -> Bool {
        try db.execute(
            sql: "UPDATE account_slots SET slot = ? WHERE id = ? AND slot = ?",
            arguments: [slot.data, row.id, row.slot.data])
        return db.changesCount == 1
    }
}
