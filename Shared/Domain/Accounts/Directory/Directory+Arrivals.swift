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
                    LEFT JOIN account_slots s ON s.account = a.id AND s.kind = ? WHERE a.id = ?
                    """, arguments: [SlotKind.arrivals.rawValue, account.description]
            ).map {
                (isZeroAccess: $0[0] as Bool, publicKey: $0[1] as Data?, file: $0[2] as String?, slot: $0[3] as Data?)
            }
        }
        guard let found else { throw DirectoryError.noSuchAccount(account.description) }
        guard found.isZeroAccess else { return nil }
        guard let publicKey = found.publicKey, publicKey.count == ArrivalKey.publicBytes, let slot = found.slot,
            let file = found.file.flatMap({ AccountID($0)?.description })
        else { throw KeySlotError.malformed }
        let key = try KeySlot(bytes: [UInt8](slot))
            .open(for: .accounts, identity: SlotKind.identity(account: account, file: file), keys: keys)
        return ArrivalsPlace(account: account, file: file, key: key, publicKey: [UInt8](publicKey))
    }

    /// The key of the file of arrivals, wrapped by the accounts key.
    func slot(of place: ArrivalsPlace) throws -> KeySlot {
        try KeySlot.seal(place.key, for: .accounts, identity: place.identity, keys: keys)
    }
}
