// SPDX-License-Identifier: Apache-2.0
import GRDB
import MailFormat
import SealedSQLite

extension Directory {
    /// Who `login` (a whole address, case-insensitive, no tag, no alias) with `password` is; `nil` when the password
    /// does not fit, or there is no such account, or it is disabled – all after the same time.
    ///
    /// The file of a zero-access account is open from then on, until the identity's `hold` is let go of.
    ///
    /// A password that fitted within the last minutes needs no Argon2id run (`PasswordMemory`), an app password never.
    /// It runs at most twice at once in the process; throws `DirectoryError.busy` when too many wait, or GRDB's error when
    /// config.db cannot be read: both mean "try later", not "wrong password".
    /// - Parameter appPasswords: whether they count. Not where passwords and keys are managed.
    package func authenticate(
        login: String, password: SecretBytes, appPasswords: Bool = true
    ) async throws -> AccountIdentity? {
        let name = try? LocalName(known: login)
        let found = try await loginRows(of: name)
        // No password is that long: that is no secret, and not worth a run.
        guard password.count <= Self.passwordBytes.upperBound else { return nil }
        guard let found, !found.account.isDisabled else {
            _ = try await check(found?.verifier ?? .nobody, password)
            return nil
        }
        if appPasswords, let (app, verifier) = found.verifier(ofApp: password) {
            let recalled = passwords.recall(verifier, password)
            if let fit = try recalled ?? verifier.check(password) {
                if recalled == nil { passwords.remember(verifier, password, fit) }
                try? await noteUse(of: app)
                return identity(found, fit.key, isRemembered: recalled != nil)
            }
        }
        if let fit = passwords.recall(found.verifier, password) { return identity(found, fit.key, isRemembered: true) }
        guard let fit = try await check(found.verifier, password) else { return nil }
        passwords.remember(found.verifier, password, fit)
        return identity(found, fit.key, isRemembered: false)
    }

    /// Gives an account a new password. Sessions of mail clients that are open stay open; those of the web pages end,
    /// but for `keeping`.
    /// - Parameter owner: of a zero-access account, whose file stays as it is: the new password opens it from then on, the
    ///   old one does not.
    /// Throws `.ownerNeeded` when there is none, `.wrongPassword`, `.wrongRecoveryKey`, `.keysChanged`.
    package func setPassword(
        of address: String, to password: SecretBytes, owner: OwnerSecret? = nil, by actor: String,
        keeping session: WebSessionToken? = nil
    ) async throws {
        let account = try await account(address)
        guard !account.isZeroAccess else {
            return try await rewrap(account, to: password, owner, by: actor, keeping: session)
        }
        let hash = try await hash(password)
        let (id, time) = (account.id.description, seconds)
        try await pool.write { db in
            try self.checkMayChange(account, nil, in: db)
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
        guard let hash = try await hashing.run({ PasswordHash.make(password) }) else {
            throw DirectoryError.outOfMemory
        }
        return hash
    }

    /// Without a run where this password fitted lately.
    func recallOrCheck(
        _ verifier: PasswordVerifier, _ password: SecretBytes
    ) async throws -> PasswordVerifier.Fit? {
        if let fit = passwords.recall(verifier, password) { return fit }
        return try await check(verifier, password)
    }

    /// Runs Argon2id in its turn.
    func check(_ verifier: PasswordVerifier, _ password: SecretBytes) async throws -> PasswordVerifier.Fit? {
        try await hashing.run {
            Result { () throws(KeySlotError) in try verifier.check(password) }
        }.get()
    }

    /// - Parameter key: of the file of a zero-access account.
    private func identity(_ found: LoginRows, _ key: SealedKey?, isRemembered: Bool) -> AccountIdentity {
        let account = found.account
        return AccountIdentity(
            id: account.id, address: account.address, displayName: account.displayName,
            isAdministrator: account.isAdministrator, isRemembered: isRemembered,
            hold: key.map { keyRing.hold(account.id, file: found.file, key: $0) })
    }
}
