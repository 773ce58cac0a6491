// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import SealedSQLite

/// Accounts that only their owner's secrets open.
extension Directory {
    /// Opens a zero-access account for as long as the hold lives: `fileKey(of:)` and `arrivalKey(of:)` answer then.
    /// Throws `.notZeroAccess`, `.ownerNeeded`, `.wrongPassword`, `.wrongRecoveryKey`.
    package func hold(_ address: String, with owner: OwnerSecret?) async throws -> KeyHold {
        let opened = try await open(try await account(address), with: owner)
        return keyRing.hold(opened.account, file: opened.file, key: opened.key)
    }

    /// One more hold of an account that somebody holds; `nil`: nobody does, or its file was given another key since.
    package func hold(_ account: AccountID) async throws -> KeyHold? {
        let file = try await pool.read { try Self.file(of: account, in: $0) }
        return file.flatMap { keyRing.hold(account, file: $0) }
    }

    /// What opens sealed mail of an account that is open in this process. Throws `.noSuchAccount`, `.closed`,
    /// `.notZeroAccess`, `KeySlotError`.
    package func arrivalKey(of account: AccountID) async throws -> ArrivalKey {
        let id = account.description
        let found = try await pool.read { db -> (KeySlot?, file: AccountFileName, publicKey: Data?)? in
            guard let file = try Self.file(of: account, in: db) else { return nil }
            let publicKey = try Data.fetchOne(db, sql: "SELECT public_key FROM accounts WHERE id = ?", arguments: [id])
            return (try Self.slot(.arrivalKey, of: account, file: file, in: db)?.slot, file, publicKey)
        }
        guard let (slot, file, publicKey) = found else { throw DirectoryError.noSuchAccount(id) }
        guard let slot else { throw DirectoryError.notZeroAccess(id) }
        guard let key = keyRing.key(of: account, file: file) else { throw DirectoryError.closed(id) }
        let identity = SlotKind.identity(account: account, file: file)
        guard let seed = try slot.open(kind: .arrivalKey, identity: identity, key: key) else {
            throw KeySlotError.malformed
        }
        let arrivals = try ArrivalKey(seed: seed)
        if publicKey != Data(arrivals.publicKey) {
            // Somebody wrote to config.db: what came since was sealed to them, and to nobody else.
            try await pool.write { db in
                try db.execute(
                    sql: "UPDATE accounts SET public_key = ? WHERE id = ?", arguments: [Data(arrivals.publicKey), id])
                try self.note(Self.wrongPublicKey, Self.address(of: account, in: db), by: "mailkeep", in: db)
            }
        }
        return arrivals
    }

    /// A line of the audit log.
    package static let wrongPublicKey = "account public key was not the owner's"

    /// A new recovery key, to be shown once; the one before opens nothing any more. Throws `.keysChanged` while the account
    /// gets another file.
    package func renewRecoveryKey(of address: String, owner: OwnerSecret?, by actor: String) async throws -> RecoveryKey
    {
        let account = try await account(address)
        let opened = try await open(account, with: owner)
        let recovery = RecoveryKey.random(.account)
        try await pool.write { db in
            try self.checkMayChange(account, opened, in: db)
            try db.execute(
                sql: """
                    DELETE FROM account_slots
                    WHERE account = ? AND file = ? AND kind IN ('recovery', 'recovery-public')
                    """, arguments: [account.id.description, opened.file.description])
            try self.insert(recovery.secret, .recovery, of: account.id, file: opened.fileKey, in: db)
            try self.note("account recovery-key", account.address, by: actor, in: db)
        }
        return recovery
    }

    // MARK: Inside

    /// The key of the account's file, out of the slot that the secret opens.
    func open(_ account: AccountRecord, with owner: OwnerSecret?) async throws -> OpenedAccount {
        let opened = try await openPresentFile(of: account, with: owner)
        await clearCutRekeying(beside: opened)
        return opened
    }

    private func openPresentFile(of account: AccountRecord, with owner: OwnerSecret?) async throws -> OpenedAccount {
        guard account.isZeroAccess else { throw DirectoryError.notZeroAccess(account.address) }
        switch owner {
        case nil: throw DirectoryError.ownerNeeded(account.address)
        case .password(let password):
            let found = try await loginRows(of: account.address)
            guard case .slot(let slot, _, _) = found.verifier,
                let key = try await recallOrCheck(found.verifier, password)?.key
            else { throw DirectoryError.wrongPassword(account.address) }
            return OpenedAccount(account: account.id, file: found.file, key: key, slot: slot)
        case .recoveryKey(let recovery):
            let file = try currentFile(of: account.id)
            guard
                let slot = try await pool.read({ try Self.slot(.recovery, of: account.id, file: file, in: $0)?.slot }),
                let key = try slot.open(
                    kind: .recovery, secret: recovery.secret,
                    identity: SlotKind.identity(account: account.id, file: file))
            else { throw DirectoryError.wrongRecoveryKey(account.address) }
            return OpenedAccount(account: account.id, file: file, key: key, slot: slot)
        }
    }

    func loginRows(of address: String) async throws -> LoginRows {
        let name = try LocalName(known: address)
        guard let found = try await loginRows(of: name) else { throw DirectoryError.noSuchAccount(name.address) }
        return found
    }

    /// Of the file that the account has once what was cut off is ended: what opens the one before opens nothing any more.
    func loginRows(of name: LocalName?) async throws -> LoginRows? {
        let found = try await pool.read { try LoginRows(name, in: $0) }
        guard let found, found.isBeingReplaced else { return found }
        _ = try currentFile(of: found.account.id)
        return try await pool.read { try LoginRows(name, in: $0) }
    }

    /// Whether the account is in the mode, has the file, and is opened by the secret that it was when it was read.
    static func isUnchanged(_ account: AccountRecord, _ opened: OpenedAccount?, in db: Database) throws -> Bool {
        let isZeroAccess = try Bool.fetchOne(
            db, sql: "SELECT zero_access FROM accounts WHERE id = ?", arguments: [account.id.description])
        guard isZeroAccess == account.isZeroAccess else { return false }
        guard let opened else { return true }
        let isOpening = try Bool.fetchOne(
            db, sql: "SELECT EXISTS (SELECT 1 FROM account_slots WHERE account = ? AND slot = ? AND state = 'current')",
            arguments: [account.id.description, opened.slot.data])
        return try isOpening == true && file(of: account.id, in: db) == opened.file
    }

    /// Lets another password open the account's file.
    func rewrap(
        _ account: AccountRecord, to password: SecretBytes, _ owner: OwnerSecret?, by actor: String,
        keeping session: WebSessionToken?
    ) async throws {
        let opened = try await open(account, with: owner)
        let slot = try await hashed(password).seal(opened.key, identity: opened.identity)
        try await pool.write { db in
            try self.checkMayChange(account, opened, in: db)
            guard let row = try Self.slot(.password, of: account.id, file: opened.file, in: db),
                try Self.replace(row, by: slot, in: db)
            else { throw DirectoryError.keysChanged(account.address) }
            try Self.closeWebSessions(of: account.id, keeping: session, in: db)
            try self.note("account password", account.address, by: actor, in: db)
        }
    }

    /// Runs Argon2id in its turn. Throws `.passwordLength`.
    func hashed(_ password: SecretBytes) async throws -> KeySlot.HashedPassword {
        guard Self.passwordBytes.contains(password.count) else { throw DirectoryError.passwordLength }
        return try await hashing.run {
            Result { () throws(KeySlotError) in try KeySlot.HashedPassword(password) }
        }.get()
    }
}
