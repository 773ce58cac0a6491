// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import SealedSQLite

/// Which file an account has. Its slots in `account_slots` name it, and are in one of three states:
///
/// - `current`: the file that everybody opens;
/// - `pending`: a file that is being made to take its place (`Directory+Rekeying`). It does when it is there and the current
///   one is not: whoever finds that ends the change;
/// - `retired`: its predecessor, whose slots are kept for `retiredDays`, for a backup that has it.
extension Directory {
    /// How long the slots of a replaced file are kept.
    package static let retiredDays: Int64 = 2

    /// Slots that hold the key of the file with the account's mail, or are wrapped by it.
    static let fileSlots = """
        kind IN ('accounts', 'password', 'app', 'recovery', 'arrival-key', 'app-public', 'recovery-public')
        """

    /// The account's file and its key; of a zero-access account while somebody who logged in holds it (`keyRing`). Throws
    /// `DirectoryError.noSuchAccount`, `.closed`, `KeyError`, `KeySlotError`.
    package func fileKey(of account: AccountID) throws -> AccountFileKey {
        let file = try currentFile(of: account)
        guard let key = try key(of: file, in: account) else { throw DirectoryError.closed(account.description) }
        return AccountFileKey(file: file, key: key)
    }

    /// The files that the account's slots name: the current one first, then one that may be in its place, then its
    /// predecessors, newest first. For a restore, which takes the first that the backup has.
    package func fileNames(of account: AccountID) throws -> [AccountFileName] {
        try pool.read { try Self.states(of: account, in: $0) }.map(\.file)
    }

    /// The key of one of them; nil: only its owner's secrets open it, and nobody here has. Throws as `fileKey`.
    package func key(of file: AccountFileName, in account: AccountID) throws -> SealedKey? {
        guard let row = try pool.read({ try Self.slot(.accounts, of: account, file: file, in: $0) }) else {
            return keyRing.key(of: account, file: file)
        }
        return try row.slot.open(for: .accounts, identity: file.identity(in: account), keys: keys)
    }

    /// The current file of each account.
    package func currentFiles() async throws -> [AccountID: AccountFileName] {
        try await pool.read { db in
            try Row.fetchAll(
                db,
                sql: "SELECT account, file FROM account_slots WHERE state = 'current' AND \(Self.fileSlots) ORDER BY id"
            ).reduce(into: [:]) { found, row in
                guard let account = AccountID(row[0] as String), let file = Self.file(row[1], account) else { return }
                found[account] = file
            }
        }
    }

    /// Every file that a slot names, whatever it is for and whether or not it is there.
    package func namedFiles() async throws -> Set<AccountFileName> {
        try await pool.read { Set(try Self.files(of: nil, in: $0)) }
    }

    /// The account's file. When the one that it had is gone and the pending one is there, the change that was cut off is
    /// ended here. Throws `.noSuchAccount`.
    package func currentFile(of account: AccountID) throws -> AccountFileName {
        while true {
            let states = try pool.read { try Self.states(of: account, in: $0) }
            guard let current = states.first(where: { $0.state == .current }) else {
                throw DirectoryError.noSuchAccount(account.description)
            }
            guard let pending = states.first(where: { $0.state == .pending }), !isThere(current.file),
                isThere(pending.file)
            else { return current.file }
            // That the name is gone must be on disk before anything is written to the new file.
            try DiskSync.folder(accountsFolder)
            // Where this cannot be noted (a full disk), whoever looks next finds the same.
            do {
                _ = try pool.write { try Self.makeCurrent(pending.file, of: account, at: self.seconds, in: $0) }
            } catch {
                return pending.file
            }
        }
    }

    func isThere(_ file: AccountFileName) -> Bool { access(file.path(in: accountsFolder), F_OK) == 0 }

    enum FileState: String, Sendable { case current, pending, retired }

    /// Each file of the account's mail with its state, in the order of `fileKeys`.
    static func states(
        of account: AccountID, in db: Database
    ) throws -> [(file: AccountFileName, state: FileState)] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT file, state FROM account_slots WHERE account = ? AND \(fileSlots) GROUP BY file, state
                ORDER BY CASE state WHEN 'current' THEN 0 WHEN 'pending' THEN 1 ELSE 2 END, max(id) DESC
                """, arguments: [account.description]
        ).compactMap { row in
            guard let file = file(row[0], account), let state = FileState(rawValue: row[1]) else { return nil }
            return (file, state)
        }
    }

    /// Of one account, or of all.
    static func files(of account: AccountID?, in db: Database) throws -> [AccountFileName] {
        try Row.fetchAll(
            db, sql: "SELECT DISTINCT file, account FROM account_slots WHERE ?1 IS NULL OR account = ?1",
            arguments: [account?.description]
        ).compactMap { row in AccountID(row[1] as String).flatMap { file(row[0], $0) } }
    }

    /// A slot that the release before wrote names no file; it is of the first.
    static func file(_ column: String, _ account: AccountID) -> AccountFileName? {
        column.isEmpty ? AccountFileName(account) : AccountFileName(column)
    }

    /// In one transaction the pending slots of the file become the current ones, and those of the file before are retired.
    /// False when there are no such slots (any more).
    static func makeCurrent(
        _ file: AccountFileName, of account: AccountID, at time: Int64, in db: Database
    ) throws -> Bool {
        let isPending =
            try Bool.fetchOne(
                db,
                sql:
                    "SELECT EXISTS (SELECT 1 FROM account_slots WHERE account = ? AND file = ? AND state = 'pending')",
                arguments: [account.description, file.description]) ?? false
        guard isPending else { return false }
        try db.execute(
            sql: """
                UPDATE account_slots SET state = 'retired', changed = ?
                WHERE account = ? AND state = 'current' AND \(fileSlots)
                """, arguments: [time, account.description])
        try db.execute(
            sql: "UPDATE account_slots SET state = 'current', changed = ? WHERE account = ? AND file = ?",
            arguments: [time, account.description, file.description])
        try becomeAsItsFile(account, file, in: db)
        return true
    }

    /// An account whose file opens by its password is a zero-access one, and has no hash of it; an app password that does
    /// not open the file goes.
    static func becomeAsItsFile(_ account: AccountID, _ file: AccountFileName, in db: Database) throws {
        let id = account.description
        let isZeroAccess = try slot(.password, of: account, file: file, in: db) != nil
        try db.execute(sql: "UPDATE accounts SET zero_access = ? WHERE id = ?", arguments: [isZeroAccess, id])
        guard isZeroAccess else { return }
        try db.execute(sql: "DELETE FROM credentials WHERE account = ?", arguments: [id])
        try db.execute(
            sql: """
                DELETE FROM app_passwords WHERE account = ?1 AND id NOT IN
                    (SELECT app FROM account_slots WHERE account = ?1 AND file = ?2 AND app IS NOT NULL)
                """, arguments: [id, file.description])
    }
}
