// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import SealedSQLite

/// Slots in config.db, and the purpose keys that wrap them. `settings` has a mark of each purpose key by which everything
/// in here is wrapped (`wrapped by <purpose>`); none before the first rotation.
extension Directory {
    /// Wraps a key in the transaction that writes the slot, and so by the key that holds then: a slot never comes in under
    /// the key of before a rotation. Throws `KeyError.rotated` when this process cannot get that key.
    func wrap(_ key: SealedKey, for purpose: KeyPurpose, identity: String, in db: Database) throws -> KeySlot {
        let wrapping = try wrappingKey(purpose, in: db)
        return key.withUnsafeBytes { KeySlot.seal($0, for: purpose, identity: identity, key: wrapping) }
    }

    func wrappingKey(_ purpose: KeyPurpose, in db: Database) throws -> SealedKey {
        let mark = try String.fetchOne(
            db, sql: "SELECT value FROM settings WHERE name = ?", arguments: [Self.markName(purpose)])
        return try mark.map { mark throws(KeyError) in try keys.key(purpose, marked: mark) } ?? keys.key(purpose)
    }

    /// Wraps every key in here by other purpose keys, in one transaction; what is wrapped by them already stays. The file's
    /// own slot is `StoreFile.rewrap`. Returns how many slots were wrapped anew.
    /// - Parameter actor: for the audit log; `nil`: it is not noted.
    @discardableResult
    package func rewrap(to present: PurposeKeys, by actor: String? = nil) async throws -> Int {
        let keys = keys
        return try await pool.write { db in
            var count = 0
            for slot in try Self.wrappedSlots(in: db) {
                guard
                    let new = try slot.slot.rewrapped(
                        for: slot.purpose, identity: slot.identity, from: keys, to: present)
                else { continue }
                try db.execute(
                    sql: "UPDATE \(slot.table) SET slot = ? WHERE id = ?", arguments: [new.data, slot.row])
                count += 1
            }
            for purpose in [KeyPurpose.accounts, .signing] {
                try db.execute(
                    sql: "INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)",
                    arguments: [Self.markName(purpose), present.key(purpose).mark])
            }
            if let actor, count > 0 { try self.note("keys rotate", "\(count) slots", by: actor, in: db) }
            return count
        }
    }

    /// Opens every slot; throws for the first that none of the keys opens.
    func checkSlots() async throws {
        let keys = keys
        try await pool.read { db in
            for slot in try Self.wrappedSlots(in: db) {
                _ = try slot.slot.openSecret(for: slot.purpose, identity: slot.identity, keys: keys)
            }
        }
    }

    private struct WrappedSlot {
        let table: String
        let row: Int64
        let purpose: KeyPurpose
        let identity: String
        let slot: KeySlot
    }

    /// Those that a purpose key wraps.
    private static func wrappedSlots(in db: Database) throws -> [WrappedSlot] {
        let accounts = try Row.fetchAll(
            db, sql: "SELECT id, account, slot, file, kind FROM account_slots WHERE kind IN ('accounts', 'arrivals')"
        ).compactMap { row -> WrappedSlot? in
            guard let account = AccountID(row[1] as String), let file = file(row[3], account) else { return nil }
            let isAccount = row[4] as String == SlotKind.accounts.rawValue
            return WrappedSlot(
                table: "account_slots", row: row[0], purpose: .accounts,
                identity: isAccount ? file.identity(in: account) : SlotKind.identity(account: account, file: file),
                slot: KeySlot(bytes: row[2] as Data))
        }
        let signing = try Row.fetchAll(
            db, sql: "SELECT s.id, d.name, s.selector, s.slot FROM signing_keys s JOIN domains d ON d.id = s.domain"
        ).map { row in
            WrappedSlot(
                table: "signing_keys", row: row[0], purpose: .signing,
                identity: SigningKey.identity(domain: row[1], selector: row[2]),
                slot: KeySlot(bytes: [UInt8](row[3] as Data)))
        }
        return accounts + signing
    }

    private static func markName(_ purpose: KeyPurpose) -> String { "wrapped by " + purpose.rawValue }
}
