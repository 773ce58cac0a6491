// SPDX-License-Identifier: Apache-2.0
import GRDB

extension Directory {
    /// How many bytes an account may hold; nil: no limit. Read anew each time. `.noSuchAccount`
    package func quota(of account: AccountID) async throws -> Int? {
        try await pool.read { db in
            let row = try Row.fetchOne(
                db, sql: "SELECT a.quota, d.quota FROM accounts a JOIN domains d ON d.id = a.domain WHERE a.id = ?",
                arguments: [account.description])
            guard let row else { throw DirectoryError.noSuchAccount(account.description) }
            return QuotaSetting(column: row[0]).limit(domain: row[1])
        }
    }

    /// Holds for the next message. What an account has above a lower limit stays; it takes nothing new.
    package func setQuota(of address: String, to quota: QuotaSetting, by actor: String) async throws {
        if case .bytes(let bytes) = quota { try Self.check(bytes) }
        let name = try LocalName(known: address)
        try await pool.write { db in
            let account = try Self.account(name, in: db)
            try db.execute(
                sql: "UPDATE accounts SET quota = ? WHERE id = ?", arguments: [quota.column, account.id.description])
            try self.note("account quota", name.address, by: actor, in: db)
        }
    }

    /// For each account of the domain that has no setting of its own; nil: no limit. `.noSuchDomain`
    package func setQuota(domain: String, to bytes: Int?, by actor: String) async throws {
        if let bytes { try Self.check(bytes) }
        let domain = Self.domainName(domain)
        try await pool.write { db in
            try db.execute(sql: "UPDATE domains SET quota = ? WHERE name = ?", arguments: [bytes, domain])
            guard db.changesCount == 1 else { throw DirectoryError.noSuchDomain(domain) }
            try self.note("domain quota", domain, by: actor, in: db)
        }
    }

    /// `.noSuchDomain`
    package func quota(domain: String) async throws -> Int? {
        let domain = Self.domainName(domain)
        return try await pool.read { db in
            let row = try Row.fetchOne(db, sql: "SELECT quota FROM domains WHERE name = ?", arguments: [domain])
            guard let row else { throw DirectoryError.noSuchDomain(domain) }
            return row[0]
        }
    }

    private static func check(_ bytes: Int) throws {
        guard ByteSize.range.contains(bytes) else { throw DirectoryError.quotaOutOfRange }
    }
}
