// SPDX-License-Identifier: Apache-2.0
import GRDB

extension Directory {
    /// Targets of one alias.
    package static let targetLimit = 50

    /// Adds an alias, or adds targets to it. Each target is an account or an alias of ours.
    package func addAlias(_ address: String, to targets: [String], by actor: String) async throws {
        let name = try LocalName(new: address)
        let targets = try targets.map { try LocalName(known: $0) }
        let time = seconds
        try await pool.write { db in
            let domain = try name.domainRow(in: db)
            let present = try Int64.fetchOne(
                db, sql: "SELECT id FROM aliases WHERE domain = ? AND name = ?", arguments: [domain, name.name])
            if present == nil, try name.isTaken(in: db) { throw DirectoryError.addressTaken(name.address) }
            for target in targets {
                guard try target != name && target.isTaken(in: db) else {
                    throw DirectoryError.aliasTarget(target.address)
                }
            }
            let alias: Int64
            if let present {
                alias = present
            } else {
                try db.execute(
                    sql: "INSERT INTO aliases (domain, name, created) VALUES (?, ?, ?)",
                    arguments: [domain, name.name, time])
                alias = db.lastInsertedRowID
            }
            for target in targets {
                try db.execute(
                    sql: "INSERT OR IGNORE INTO alias_targets (alias, name, domain) VALUES (?, ?, ?)",
                    arguments: [alias, target.name, target.domain])
            }
            let count = try Int.fetchOne(
                db, sql: "SELECT COUNT(*) FROM alias_targets WHERE alias = ?", arguments: [alias])
            guard (1...Self.targetLimit).contains(count ?? 0), case .accounts = try Self.resolve(name, in: db) else {
                throw DirectoryError.aliasTarget(targets.map(\.address).joined(separator: ", "))
            }
            try self.note("alias add", name.address, by: actor, in: db)
        }
    }

    package func aliases() async throws -> [AliasRecord] { try await pool.read { try Self.aliases(in: $0) } }

    static func aliases(in db: Database) throws -> [AliasRecord] {
        var records: [(address: String, targets: [String], created: Int64)] = []
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT a.name || '@' || d.name AS address, t.name || '@' || t.domain AS target, a.created
                FROM aliases a JOIN domains d ON d.id = a.domain JOIN alias_targets t ON t.alias = a.id
                ORDER BY d.id, a.name, t.domain, t.name
                """)
        while let row = try rows.next() {
            if records.last?.address != row["address"] { records.append((row["address"], [], row["created"])) }
            records[records.count - 1].targets.append(row["target"])
        }
        return records.map { AliasRecord(address: $0.address, targets: $0.targets, created: $0.created) }
    }

    /// Removes the alias; other aliases that led over it lose it.
    package func removeAlias(_ address: String, by actor: String) async throws {
        let name = try LocalName(known: address)
        try await pool.write { db in
            try db.execute(
                sql: "DELETE FROM aliases WHERE name = ? AND domain = (SELECT id FROM domains WHERE name = ?)",
                arguments: [name.name, name.domain])
            guard db.changesCount == 1 else { throw DirectoryError.noSuchAlias(name.address) }
            try Self.removeTarget(name, in: db)
            try self.note("alias remove", name.address, by: actor, in: db)
        }
    }

    /// Aliases that are left without any target go too, so that a new account of that name does not get their mail.
    static func removeTarget(_ name: LocalName, in db: Database) throws {
        try db.execute(
            sql: "DELETE FROM alias_targets WHERE name = ? AND domain = ?", arguments: [name.name, name.domain])
        try removeEmptyAliases(in: db)
    }

    static func removeEmptyAliases(in db: Database) throws {
        for _ in 0..<aliasSteps {
            let empty = try Row.fetchAll(
                db,
                sql: """
                    SELECT a.id, a.name, d.name AS domain FROM aliases a JOIN domains d ON d.id = a.domain
                    WHERE NOT EXISTS (SELECT 1 FROM alias_targets t WHERE t.alias = a.id)
                    """)
            if empty.isEmpty { return }
            for row in empty {
                try db.execute(sql: "DELETE FROM aliases WHERE id = ?", arguments: [row["id"] as Int64])
                try db.execute(
                    sql: "DELETE FROM alias_targets WHERE name = ? AND domain = ?",
                    arguments: [row["name"] as String, row["domain"] as String])
            }
        }
    }
}
