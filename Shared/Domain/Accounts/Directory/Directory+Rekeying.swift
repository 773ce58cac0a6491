// SPDX-License-Identifier: Apache-2.0
import GRDB
import SealedSQLite

/// How the key of an account's next file is wrapped: all slots of that file, which come into force together.
package struct NextSlots: Sendable {
    /// Adds the rows for the file in the state `pending`.
    let insert: @Sendable (Database, AccountID, AccountFileKey, Directory) throws -> Void

    /// By the accounts key, as that of every account whose mail the operator can open.
    package static let byAccountsKey = NextSlots { db, account, file, directory in
        if let current = try Directory.file(of: account, in: db),
            try Directory.slot(.arrivalKey, of: account, file: current, in: db) != nil
        {
            // Its slot is wrapped by the key that goes.
            throw DirectoryError.arrivalsLeft(try Directory.address(of: account, in: db))
        }
        try directory.insertAccountsSlot(of: file, in: account, state: .pending, in: db)
    }
}

/// The steps of putting a file with a new key in the place of an account's (docs/decisions/0052). Between any two of them
/// the account has one file: the current one while that is there, then the pending one.
extension Directory {
    /// The file that is being made, or was when a run was cut off.
    package func pendingFile(of account: AccountID) throws -> AccountFileName? {
        try pool.read { try Self.states(of: account, in: $0).first { $0.state == .pending }?.file }
    }

    /// Accounts of which one is pending.
    package func accountsWithPendingFile() async throws -> [AccountID] {
        try await pool.read { db in
            try String.fetchAll(db, sql: "SELECT DISTINCT account FROM account_slots WHERE state = 'pending'")
                .compactMap { AccountID($0) }
        }
    }

    /// Notes the file and its slots, before it has its name. Throws `.noSuchAccount`, `RekeyError.underWay` when another is pending.
    package func beginRekeying(of account: AccountID, to file: AccountFileKey, slots: NextSlots) throws {
        try pool.write { db in
            let states = try Self.states(of: account, in: db)
            guard states.contains(where: { $0.state == .current }) else {
                throw DirectoryError.noSuchAccount(account.description)
            }
            guard !states.contains(where: { $0.state == .pending }) else {
                throw RekeyError.underWay
            }
            try slots.insert(db, account, file, self)
        }
    }

    /// Forgets a pending file, whose key is lost with this. Only while the current file is there.
    package func cancelRekeying(of account: AccountID, to file: AccountFileName) throws {
        try pool.write { db in
            try db.execute(
                sql: "DELETE FROM account_slots WHERE account = ? AND file = ? AND state = 'pending'",
                arguments: [account.description, file.description])
        }
    }

    /// The pending file is the account's from now on: it is there, and the one before is gone. Also when somebody who looked
    /// for the file was faster. False: it is not, because the account was removed.
    package func endRekeying(of account: AccountID, to file: AccountFileName, by actor: String) throws -> Bool {
        try pool.write { db in
            _ = try Self.makeCurrent(file, of: account, at: self.seconds, in: db)
            guard try Self.states(of: account, in: db).contains(where: { $0 == (file, .current) }) else { return false }
            try self.note("account rekey", Self.address(of: account, in: db), by: actor, in: db)
            return true
        }
    }

    /// Forgets the keys of files that were replaced more than `retiredDays` ago. Returns how many.
    @discardableResult
    package func forgetRetired() async throws -> Int {
        let limit = seconds - Self.retiredDays * 86_400
        return try await pool.write { db in
            try db.execute(
                sql: "DELETE FROM account_slots WHERE state = 'retired' AND changed < ?", arguments: [limit])
            return db.changesCount
        }
    }

    /// For messages; its id when there is no such account.
    static func address(of account: AccountID, in db: Database) throws -> String {
        let row = try Row.fetchOne(db, sql: "\(accountRows) WHERE a.id = ?", arguments: [account.description])
        return row.flatMap(record)?.address ?? account.description
    }
}
