// SPDX-License-Identifier: Apache-2.0
import GRDB
import MailFormat

extension Directory {
    /// Addresses that one alias may lead over, loops included.
    static let aliasSteps = 100

    /// Where mail for `recipient` goes.
    ///
    /// Accounts by their lower-cased name, with any `+tag`; aliases, over other aliases too; `postmaster` and `abuse`
    /// of each domain, unless they are accounts or aliases, to the domain's administrators, without such to those of
    /// the first domain that has some. `postmaster` without domain (`domain` empty) is that of the first domain.
    package func resolve(recipient: MailAddress) async throws -> Resolution {
        let name = LocalName(recipient)
        return try await pool.read { try Self.resolve(name, in: $0) }
    }

    /// Whether `account` may send as `address`: mail for that address reaches it.
    package func mayUse(_ account: AccountID, _ address: MailAddress) async throws -> Bool {
        guard !address.domain.isEmpty, case .accounts(let accounts) = try await resolve(recipient: address) else {
            return false
        }
        return accounts.contains(account)
    }

    /// Whether `domain` is ours; neither case nor the form of its labels (U or A) matters.
    package func isLocal(domain: String) async throws -> Bool { try await localDomain(domain) != nil }

    /// A domain of ours as it is kept: lower case, A-labels; `nil` when it is not ours.
    package func localDomain(_ name: String) async throws -> String? {
        let name = Self.domainName(name)
        return try await pool.read {
            try String.fetchOne($0, sql: "SELECT name FROM domains WHERE name = ?", arguments: [name])
        }
    }

    static func resolve(_ recipient: LocalName, in db: Database) throws -> Resolution {
        var start = recipient
        if start.domain.isEmpty, start.name == "postmaster",
            let first = try String.fetchOne(db, sql: "SELECT name FROM domains ORDER BY id LIMIT 1")
        {
            start = LocalName(name: start.name, domain: first)
        }
        guard
            try Bool.fetchOne(
                db, sql: "SELECT EXISTS (SELECT 1 FROM domains WHERE name = ?)", arguments: [start.domain]) ?? false
        else { return .notLocal }

        var found: [AccountID] = []
        var isDisabled = false
        func take(_ row: Row) {
            guard let id = AccountID(row["id"] as String) else { return }
            if row["disabled"] { isDisabled = true } else if !found.contains(id) { found.append(id) }
        }
        var pending = [start]
        var seen: Set<LocalName> = []
        while let next = pending.popLast(), seen.count < aliasSteps {
            guard seen.insert(next).inserted else { continue }
            if let row = try Row.fetchOne(
                db,
                sql: """
                    SELECT a.id, a.disabled FROM accounts a JOIN domains d ON d.id = a.domain
                    WHERE d.name = ? AND a.name = ?
                    """, arguments: [next.domain, next.name])
            {
                take(row)
                continue
            }
            let targets = try Row.fetchAll(
                db,
                sql: """
                    SELECT t.name, t.domain FROM alias_targets t JOIN aliases a ON a.id = t.alias
                    JOIN domains d ON d.id = a.domain WHERE d.name = ? AND a.name = ?
                    ORDER BY t.domain DESC, t.name DESC
                    """, arguments: [next.domain, next.name])
            if !targets.isEmpty {
                pending += targets.map { LocalName(name: $0["name"], domain: $0["domain"]) }
            } else if next.name == "postmaster" || next.name == "abuse" {
                try administrators(of: next.domain, in: db).forEach(take)
            }
        }
        if !found.isEmpty { return .accounts(found) }
        return isDisabled ? .disabled : .unknown
    }

    private static func administrators(of domain: String, in db: Database) throws -> [Row] {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT a.id, a.disabled, d.id AS domain, d.name = ? AS own FROM accounts a JOIN domains d ON d.id = a.domain
                WHERE a.administrator = 1 AND a.disabled = 0 ORDER BY own DESC, d.id, a.created, a.id LIMIT 1000
                """, arguments: [domain])
        guard let first = rows.first else { return [] }
        return rows.filter { ($0["domain"] as Int64) == (first["domain"] as Int64) }
    }
}
