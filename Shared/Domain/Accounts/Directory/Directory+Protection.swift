// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import SealedSQLite

/// Switching zero access on and off in config.db; `MailStore` has the files to it (`Directory+ZeroAccessFiles`).
extension Directory {
    /// Makes what opens the account from now on. Throws `.zeroAccess`, `.wrongPassword`, `.arrivalsLeft`.
    package func prepareProtection(of address: String, password: SecretBytes) async throws -> Protection {
        let account = try await account(address)
        guard !account.isZeroAccess else { throw DirectoryError.zeroAccess(account.address) }
        let verifier = try await loginRows(of: address).verifier
        guard case .hash(let hash) = verifier, try await recallOrCheck(verifier, password) != nil else {
            throw DirectoryError.wrongPassword(account.address)
        }
        guard try await leftArrivals(of: account.id) == nil else { throw DirectoryError.arrivalsLeft(account.address) }
        return try await protection(of: account, hash: hash, password)
    }

    private func protection(
        of account: AccountRecord, hash: String?, _ password: SecretBytes
    ) async throws -> Protection {
        let arrivals = try ArrivalKey.random()
        return Protection(
            account: account, hash: hash, present: try currentFile(of: account.id), recovery: .random(.account),
            place: ArrivalsPlace.new(for: account.id, publicKey: arrivals.publicKey),
            password: try await hashed(password), arrivals: arrivals)
    }

    /// Whether the account is in the mode, and has the password, that it had when it was looked at.
    func isOpenedAsBefore(_ protection: Protection, in db: Database) throws -> Bool {
        let id = protection.account.id.description
        let hash = try String.fetchOne(
            db, sql: "SELECT hash FROM credentials WHERE account = ? AND label = ''", arguments: [id])
        return try hash == protection.hash && Self.isUnchanged(protection.account, nil, in: db)
            && Self.file(of: protection.account.id, in: db) == protection.present
    }

    /// Before what opens the account is changed: throws `.keysChanged` when it is not as it was when it was looked at, and while
    /// the file is being replaced by one that only the secrets of now open: others would be forgotten with the file of before.
    func checkMayChange(_ account: AccountRecord, _ opened: OpenedAccount?, in db: Database) throws {
        guard try Self.isUnchanged(account, opened, in: db) else { throw DirectoryError.keysChanged(account.address) }
        guard let file = try Self.states(of: account.id, in: db).first(where: { $0.state == .pending })?.file,
            try Self.slot(.password, of: account.id, file: file, in: db) != nil,
            // In this order: the copy gets its name before its lock goes.
            RekeyedCopy.isBeingMade(file.path(in: accountsFolder) + ".new") || isThere(file)
        else { return }
        throw DirectoryError.keysChanged(account.address)
    }

    /// Where mail is to wait. It is used as soon as the account's file is one that opens by its password.
    func noteArrivals(_ protection: Protection, in db: Database) throws {
        let (id, place) = (protection.place.account, protection.place)
        // Of a run that was cut off: nobody ever sealed anything to it.
        try db.execute(
            sql: "DELETE FROM account_slots WHERE account = ? AND kind = 'arrivals'", arguments: [id.description])
        try insert(slot(of: place, in: db), .arrivals, of: id, file: place.file, in: db)
        try db.execute(
            sql: "UPDATE accounts SET public_key = ? WHERE id = ?",
            arguments: [Data(place.publicKey), id.description])
    }

    /// The account's file is one that opens by its password now.
    package func endProtection(
        _ protection: Protection, keeping session: WebSessionToken?, by actor: String
    ) async throws {
        let account = protection.account
        try await pool.write { db in
            // The accounts key opens the file of before: of its remains on the disk it shall open nothing.
            try db.execute(
                sql: "DELETE FROM account_slots WHERE account = ? AND state = 'retired'",
                arguments: [account.id.description])
            try Self.closeWebSessions(of: account.id, keeping: session, in: db)
            try self.note("account protect", account.address, by: actor, in: db)
        }
    }

    /// Wraps the key of the account's file by the accounts key again. Its app passwords stay. What waits for it stays too,
    /// with what opens that (`leftArrivals`), until it is filed and `forgetArrivals` is called.
    /// Throws `.notZeroAccess`, `.wrongPassword`, `.keysChanged`, also while `prepareRekeying` gives it another key.
    package func endZeroAccess(of address: String, password: SecretBytes, by actor: String) async throws {
        let account = try await account(address)
        let opened = try await open(account, with: .password(password))
        let hash = try await hash(password)
        let (id, time) = (account.id.description, seconds)
        try await pool.write { db in
            try self.checkMayChange(account, opened, in: db)
            try db.execute(
                sql: """
                    DELETE FROM account_slots WHERE account = ? AND file = ?
                        AND kind IN ('password', 'app', 'recovery', 'app-public', 'recovery-public')
                    """, arguments: [id, opened.file.description])
            try self.insertAccountsSlot(
                of: AccountFileKey(file: opened.file, key: opened.key), in: account.id, in: db)
            try db.execute(
                sql: "INSERT INTO credentials (account, label, hash, created) VALUES (?, '', ?, ?)",
                arguments: [id, hash, time])
            try db.execute(sql: "UPDATE accounts SET zero_access = 0 WHERE id = ?", arguments: [id])
            try self.note("account unprotect", account.address, by: actor, in: db)
        }
    }

    /// Nothing sealed waits any more for an account that is no zero-access one.
    package func forgetArrivals(of account: AccountID) async throws {
        try await pool.write { db in
            try db.execute(
                sql: """
                    DELETE FROM account_slots WHERE account = ?1 AND kind IN ('arrivals', 'arrival-key')
                        AND NOT (SELECT zero_access FROM accounts WHERE id = ?1)
                    """, arguments: [account.description])
            try db.execute(
                sql: "UPDATE accounts SET public_key = NULL WHERE id = ? AND NOT zero_access",
                arguments: [account.description])
        }
    }

    // MARK: Without the owner

    /// What a zero-access account gets that is to begin anew, empty. Throws `.notZeroAccess`, `.passwordLength`.
    package func prepareReset(of address: String, to password: SecretBytes) async throws -> Protection {
        let account = try await account(address)
        guard account.isZeroAccess else { throw DirectoryError.notZeroAccess(account.address) }
        return try await protection(of: account, hash: nil, password)
    }

    /// From now on the account has that new file. Returns the files that it had. Blocks. Throws `.keysChanged`.
    package func reset(_ protection: Protection, to file: AccountFileKey, by actor: String) throws -> [AccountFileName]
    {
        let account = protection.account
        return try pool.write { db in
            guard try self.isOpenedAsBefore(protection, in: db) else {
                throw DirectoryError.keysChanged(account.address)
            }
            let files = try Self.states(of: account.id, in: db).map(\.file)
            for table in ["app_passwords", "account_slots"] {
                try db.execute(sql: "DELETE FROM \(table) WHERE account = ?", arguments: [account.id.description])
            }
            try protection.insert(for: account.id, file, state: .current, by: self, in: db)
            try self.noteArrivals(protection, in: db)
            try Self.closeWebSessions(of: account.id, keeping: nil, in: db)
            try self.note("account reset, its mail is lost", account.address, by: actor, in: db)
            return files
        }
    }
}
