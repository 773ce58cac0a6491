// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import SealedSQLite

/// Mail that arrives for zero-access accounts.
extension Directory {
    /// Where it waits, and what it is sealed to; nil: the account is none, and its mail goes into its own file. Read anew
    /// each time. Throws `.noSuchAccount`, `KeyError`, `KeySlotError`.
    package func arrivals(of account: AccountID) async throws -> ArrivalsPlace? {
        let found = try await pool.read { db in
            try Row.fetchOne(
                db,
                sql: """
                    SELECT zero_access, public_key, s.file, s.slot FROM accounts a
                    LEFT JOIN account_slots s ON s.account = a.id AND s.kind = ? AND s.state = 'current'
                    WHERE a.id = ?
                    """, arguments: [SlotKind.arrivals.rawValue, account.description]
            ).map {
                (isZeroAccess: $0[0] as Bool, publicKey: $0[1] as Data?, file: $0[2] as String?, slot: $0[3] as Data?)
            }
        }
        guard let found else { throw DirectoryError.noSuchAccount(account.description) }
        guard found.isZeroAccess else { return nil }
        guard let publicKey = found.publicKey, publicKey.count == ArrivalKey.publicBytes, let slot = found.slot,
            let file = found.file.flatMap(AccountFileName.init)
        else { throw KeySlotError.malformed }
        let key = try KeySlot(bytes: [UInt8](slot))
            .open(for: .accounts, identity: SlotKind.identity(account: account, file: file), keys: keys)
        return ArrivalsPlace(account: account, file: file, key: key, publicKey: [UInt8](publicKey))
    }

    /// The key of the file of arrivals, wrapped by the accounts key.
    func slot(of place: ArrivalsPlace, in db: Database) throws -> KeySlot {
        try wrap(place.key, for: .accounts, identity: place.identity, in: db)
    }

    /// Accounts of which `leftArrivals` may tell something: switching zero access off was cut off.
    package func accountsWithLeftArrivals() async throws -> [AccountID] {
        try await pool.read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT DISTINCT s.account FROM account_slots s JOIN accounts a ON a.id = s.account
                    WHERE NOT a.zero_access AND s.kind = ? AND s.state = 'current'
                    """, arguments: [SlotKind.arrivalKey.rawValue]
            ).compactMap { AccountID($0) }
        }
    }

    /// What still waits for an account that is no zero-access one any more, and what opens it; nil: nothing. Throws
    /// as `arrivals`.
    package func leftArrivals(of account: AccountID) async throws -> (ArrivalsPlace, ArrivalKey)? {
        let file = try fileKey(of: account)
        let found = try await pool.read { db -> (place: SlotRow, name: AccountFileName, key: SlotRow)? in
            guard let key = try Self.slot(.arrivalKey, of: account, file: file.file, in: db),
                let row = try Row.fetchOne(
                    db,
                    sql: """
                        SELECT s.id, s.slot, s.file FROM account_slots s JOIN accounts a ON a.id = s.account
                        WHERE a.id = ? AND NOT a.zero_access AND s.kind = ?
                        """, arguments: [account.description, SlotKind.arrivals.rawValue]),
                let name = AccountFileName(row[2] as String)
            else { return nil }
            return (SlotRow(id: row[0], slot: KeySlot(bytes: row[1] as Data)), name, key)
        }
        guard let found else { return nil }
        let identity = SlotKind.identity(account: account, file: file.file)
        guard let seed = try found.key.slot.open(kind: .arrivalKey, identity: identity, key: file.key) else {
            throw KeySlotError.malformed
        }
        let arrivalKey = try ArrivalKey(seed: seed)
        let key = try found.place.slot.open(
            for: .accounts, identity: SlotKind.identity(account: account, file: found.name), keys: keys)
        return (
            ArrivalsPlace(account: account, file: found.name, key: key, publicKey: arrivalKey.publicKey), arrivalKey
        )
    }
}
