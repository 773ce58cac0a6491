// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import SealedSQLite

/// Switching zero access on and off.
extension Directory {
    /// Makes the account a zero-access one. Its app passwords go: they open nothing there.
    /// - Parameter makeArrivals: makes the file in which its mail is to wait.
    /// - Returns: the recovery key, to be shown once.
    /// Throws `.zeroAccess`, `.wrongPassword`, `.keysChanged`.
    package func protect(
        _ address: String, password: SecretBytes, by actor: String, keeping session: WebSessionToken? = nil,
        makeArrivals: @Sendable (ArrivalsPlace) async throws -> Void
    ) async throws -> RecoveryKey {
        let account = try await account(address)
        guard !account.isZeroAccess else { throw DirectoryError.zeroAccess(account.address) }
        try await checkPassword(of: address, password)
        let opened = try await reKeyed(account)
        let (recovery, arrivals) = (RecoveryKey.random(.account), try ArrivalKey.random())
        let place = ArrivalsPlace.new(for: account.id, publicKey: arrivals.publicKey)
        let (slots, arrivalsSlot) = (try await ownerSlots(opened, password, recovery, arrivals), try slot(of: place))
        try await makeArrivals(place)
        try await pool.write { db in
            let id = account.id.description
            guard try Self.isUnchanged(account, opened, in: db) else {
                throw DirectoryError.keysChanged(account.address)
            }
            for table in ["credentials", "app_passwords", "account_slots"] {
                try db.execute(sql: "DELETE FROM \(table) WHERE account = ?", arguments: [id])
            }
            for (kind, slot) in slots { try Self.insert(slot, kind, of: account.id, file: opened.file, in: db) }
            try Self.insert(arrivalsSlot, .arrivals, of: account.id, file: place.file, in: db)
            try db.execute(
                sql: "UPDATE accounts SET zero_access = 1, public_key = ? WHERE id = ?",
                arguments: [Data(arrivals.publicKey), id])
            try Self.closeWebSessions(of: account.id, keeping: session, in: db)
            try self.note("account protect", account.address, by: actor, in: db)
        }
        return recovery
    }

    /// The file under a key that the accounts key never wrapped. To be: `AccountDirectory.rekey`.
    private func reKeyed(_ account: AccountRecord) async throws -> OpenedAccount {
        OpenedAccount(account: account.id, file: account.id.description, key: try fileKey(of: account.id))
    }

    /// All that opens the file of a zero-access account, but for app passwords.
    private func ownerSlots(
        _ opened: OpenedAccount, _ password: SecretBytes, _ recovery: RecoveryKey, _ arrivals: ArrivalKey
    ) async throws -> [(SlotKind, KeySlot)] {
        [
            (.password, try await passwordSlot(opened, password)),
            (.recovery, KeySlot.seal(opened.key, kind: .recovery, secret: recovery.secret, identity: opened.identity)),
            (.arrivalKey, KeySlot.seal(arrivals.seed, kind: .arrivalKey, identity: opened.identity, key: opened.key)),
        ]
    }
}
