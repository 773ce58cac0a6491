// SPDX-License-Identifier: Apache-2.0
import GRDB
import SealedSQLite

extension Directory {
    /// Adds the account. Its file comes first, and only when there is one anybody sees the account:
    /// `makeFile` is called with the new id, its file and key before the commit. When it or the commit fails, `removeFile`
    /// is called.
    @discardableResult
    package func addAccount(
        _ address: String, displayName: String = "", isAdministrator: Bool = false, password: SecretBytes,
        by actor: String,
        makeFile: @Sendable (AccountID, AccountFileKey) async throws -> Void,
        removeFile: @Sendable (AccountID) async throws -> Void = { _ in }
    ) async throws -> AccountRecord {
        let name = try LocalName(new: address)
        try await pool.read { db in
            _ = try name.domainRow(in: db)
            if try name.isTaken(in: db) { throw DirectoryError.addressTaken(name.address) }
        }
        let hash = try await hash(password)
        _ = try keys.key(.accounts)
        let (id, time) = (AccountID.random(), seconds)
        let file = AccountFileKey(id, .random())
        do {
            try await makeFile(id, file)
            return try await pool.write { db in
                if try name.isTaken(in: db) { throw DirectoryError.addressTaken(name.address) }
                try db.execute(
                    sql: """
                        INSERT INTO accounts (id, domain, name, display_name, created, administrator) VALUES (?, ?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        id.description, name.domainRow(in: db), name.name, displayName, time, isAdministrator,
                    ])
                try self.insertAccountsSlot(of: file, in: id, in: db)
                try db.execute(
                    sql: "INSERT INTO credentials (account, label, hash, created) VALUES (?, '', ?, ?)",
                    arguments: [id.description, hash, time])
                try self.note("account add", name.address, by: actor, in: db)
                return try Self.account(name, in: db)
            }
        } catch {
            try? await removeFile(id)
            throw error
        }
    }

    /// All accounts, or those of a domain, by domain and name. `.noSuchDomain`
    package func accounts(of domain: String? = nil) async throws -> [AccountRecord] {
        let domain = domain.map(Self.domainName)
        return try await pool.read { db in
            if let domain { _ = try LocalName(name: "", domain: domain).domainRow(in: db) }
            return try Row.fetchAll(
                db,
                sql: "\(Self.accountRows) WHERE ?1 IS NULL OR d.name = ?1 ORDER BY d.id, a.name", arguments: [domain]
            ).compactMap(Self.record)
        }
    }

    /// One page of the accounts, of one domain or of all, whose address or name holds `text` (without case); and how many
    /// there are on all pages. `.noSuchDomain`
    package func accounts(
        of domain: String? = nil, holding text: String = "", limit: Int, offset: Int = 0
    ) async throws -> (page: [AccountRecord], all: Int) {
        let domain = domain.map(Self.domainName)
        let text = text.lowercased()
        return try await pool.read { db in
            if let domain { _ = try LocalName(name: "", domain: domain).domainRow(in: db) }
            let chosen = """
                FROM accounts a JOIN domains d ON d.id = a.domain WHERE (?1 IS NULL OR d.name = ?1)
                    AND (instr(a.name || '@' || d.name, ?2) > 0 OR instr(lower(a.display_name), ?2) > 0)
                """
            let page = try Row.fetchAll(
                db,
                sql: "SELECT a.*, d.name AS domain_name \(chosen) ORDER BY d.id, a.name LIMIT ?3 OFFSET ?4",
                arguments: [domain, text, limit, offset]
            ).compactMap(Self.record)
            return (page, try Int.fetchOne(db, sql: "SELECT COUNT(*) \(chosen)", arguments: [domain, text]) ?? 0)
        }
    }

    /// The account with that very address. Throws `.noSuchAccount`.
    package func account(_ address: String) async throws -> AccountRecord {
        let name = try LocalName(known: address)
        return try await pool.read { try Self.account(name, in: $0) }
    }

    /// The account of an id; `nil` when there is none (any more).
    package func account(_ id: AccountID) async throws -> AccountRecord? {
        try await pool.read { db in
            try Row.fetchOne(
                db,
                sql: "\(Self.accountRows) WHERE a.id = ?", arguments: [id.description]
            ).flatMap(Self.record)
        }
    }

    /// A disabled account neither logs in nor takes mail; what it has stays.
    package func setDisabled(_ address: String, _ isDisabled: Bool, by actor: String) async throws {
        let name = try LocalName(known: address)
        try await pool.write { db in
            let account = try Self.account(name, in: db)
            try db.execute(
                sql: "UPDATE accounts SET disabled = ? WHERE id = ?", arguments: [isDisabled, account.id.description])
            if isDisabled { try Self.closeWebSessions(of: account.id, keeping: nil, in: db) }
            try self.note(isDisabled ? "account disable" : "account enable", name.address, by: actor, in: db)
        }
    }

    /// An administrator gets what goes to postmaster@ and abuse@ of its domain, and sees the administration pages.
    package func setAdministrator(_ address: String, _ isAdministrator: Bool, by actor: String) async throws {
        let name = try LocalName(known: address)
        try await pool.write { db in
            let account = try Self.account(name, in: db)
            try db.execute(
                sql: "UPDATE accounts SET administrator = ? WHERE id = ?",
                arguments: [isAdministrator, account.id.description])
            try self.note(
                isAdministrator ? "account administrator" : "account no administrator", name.address, by: actor, in: db)
        }
    }

    /// Removes the account, its keys and the aliases that led to it alone. From the commit on nothing opens its files;
    /// deleting those, which are returned, is the caller's.
    @discardableResult
    package func removeAccount(
        _ address: String, by actor: String
    ) async throws -> (account: AccountRecord, files: [AccountFileName]) {
        let name = try LocalName(known: address)
        return try await pool.write { db in
            let account = try Self.account(name, in: db)
            let files = try Self.files(of: account.id, in: db)
            try db.execute(sql: "DELETE FROM accounts WHERE id = ?", arguments: [account.id.description])
            try Self.removeTarget(name, in: db)
            try self.note("account remove", name.address, by: actor, in: db)
            return (account, files)
        }
    }

    /// Rows for `record`.
    static let accountRows = """
        SELECT a.*, d.name AS domain_name, d.quota AS domain_quota FROM accounts a JOIN domains d ON d.id = a.domain
        """

    static func account(_ name: LocalName, in db: Database) throws -> AccountRecord {
        let row = try Row.fetchOne(
            db,
            sql: "\(accountRows) WHERE d.name = ? AND a.name = ?", arguments: [name.domain, name.name])
        guard let record = row.flatMap(record) else { throw DirectoryError.noSuchAccount(name.address) }
        return record
    }

    /// Out of a row of `accountRows`.
    static func record(_ row: Row) -> AccountRecord? {
        guard let id = AccountID(row["id"] as String) else { return nil }
        let quota = QuotaSetting(column: row["quota"])
        return AccountRecord(
            id: id, address: (row["name"] as String) + "@" + (row["domain_name"] as String),
            displayName: row["display_name"], created: row["created"], isDisabled: row["disabled"],
            isAdministrator: row["administrator"], isZeroAccess: row["zero_access"], quota: quota,
            limit: quota.limit(domain: row["domain_quota"]))
    }
}
