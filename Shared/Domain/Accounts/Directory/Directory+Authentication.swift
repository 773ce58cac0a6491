// SPDX-License-Identifier: Apache-2.0
import GRDB
import MailFormat

extension Directory {
    /// Who `login` (a whole address, case-insensitive, no tag, no alias) with `password` is; `nil` when the password
    /// does not fit, or there is no such account, or it is disabled – all after the same time.
    ///
    /// A password that fitted within the last minutes needs no Argon2id run (`PasswordMemory`). It runs at most twice at
    /// once in the process; throws `DirectoryError.busy` when too many wait, or GRDB's error when config.db cannot be
    /// read: both mean "try later", not "wrong password".
    package func authenticate(login: String, password: SecretBytes) async throws -> AccountIdentity? {
        let name = try? LocalName(known: login)
        let account = try await pool.read { db in
            try Row.fetchOne(
                db,
                sql: "\(Self.accountRows) WHERE d.name = ? AND a.name = ?", arguments: [name?.domain, name?.name]
            ).flatMap(Self.record)
        }
        let id = account?.id.description
        let hashes = try await pool.read { db in
            try String.fetchAll(
                db, sql: "SELECT hash FROM credentials WHERE account = ? ORDER BY id LIMIT 8", arguments: [id])
        }
        let isTooLong = password.count > Self.passwordBytes.upperBound
        let isOpen = account?.isDisabled == false
        var fitting = isTooLong || !isOpen ? nil : hashes.first { passwords.holds($0, password) }
        let isRemembered = fitting != nil
        if !isRemembered {
            fitting = try await HashingQueue.shared.run {
                if isTooLong { return nil }
                guard !hashes.isEmpty else {
                    _ = PasswordHash.fits(PasswordHash.dummy, password)
                    return nil
                }
                return hashes.first { PasswordHash.fits($0, password) }
            }
            if let fitting, isOpen { passwords.remember(fitting, password) }
        }
        guard fitting != nil, isOpen, let account else { return nil }
        return AccountIdentity(
            id: account.id, address: account.address, displayName: account.displayName,
            isAdministrator: account.isAdministrator, isRemembered: isRemembered)
    }

    /// Gives the account a new password. Sessions of mail clients that are open stay open; those of the web pages end,
    /// but for `keeping`.
    package func setPassword(
        of address: String, to password: SecretBytes, by actor: String, keeping session: WebSessionToken? = nil
    ) async throws {
        let account = try await account(address)
        let hash = try await hash(password)
        let (id, time) = (account.id.description, seconds)
        try await pool.write { db in
            try db.execute(
                sql: """
                    INSERT INTO credentials (account, label, hash, created) VALUES (?, '', ?, ?)
                    ON CONFLICT (account, label) DO UPDATE SET hash = excluded.hash, created = excluded.created
                    """, arguments: [id, hash, time])
            try Self.closeWebSessions(of: account.id, keeping: session, in: db)
            try self.note("account password", account.address, by: actor, in: db)
        }
    }

    func hash(_ password: SecretBytes) async throws -> String {
        guard Self.passwordBytes.contains(password.count) else { throw DirectoryError.passwordLength }
        guard let hash = try await HashingQueue.shared.run({ PasswordHash.make(password) }) else {
            throw DirectoryError.outOfMemory
        }
        return hash
    }
}
