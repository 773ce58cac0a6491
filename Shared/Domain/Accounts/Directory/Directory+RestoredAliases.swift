// SPDX-License-Identifier: Apache-2.0
import GRDB

/// Aliases of an account that was removed and comes back. With the account its address went out of every alias, and those
/// that led to nobody else went whole.
extension Directory {
    /// Those through which mail reaches the address, over others too; nearest first.
    package func aliases(leadingTo address: String) async throws -> [AliasRecord] {
        try await pool.read { try Self.aliases(leadingTo: address, in: $0) }
    }

    static func aliases(leadingTo address: String, in db: Database) throws -> [AliasRecord] {
        var rest = try aliases(in: db)
        var found: [AliasRecord] = []
        var reached: Set<String> = [address]
        while true {
            let next = rest.filter { !reached.isDisjoint(with: $0.targets) }
            if next.isEmpty { return found }
            found += next
            reached.formUnion(next.map(\.address))
            rest.removeAll { reached.contains($0.address) }
        }
    }

    /// Makes those that are gone, with every target of then that there is now, and puts what went with the account back
    /// into those that stayed. One whose address is somebody else's now, is an alias that was made since, or is in no domain of
    /// ours, is left out.
    func bringBack(_ aliases: [AliasRecord], of account: LocalName, in db: Database) throws {
        var made: Set<LocalName> = []
        for alias in aliases {
            let name = try LocalName(known: alias.address)
            guard try !name.isTaken(in: db) else { continue }
            try db.execute(
                sql: "INSERT INTO aliases (domain, name, created) SELECT id, ?, ? FROM domains WHERE name = ?",
                arguments: [name.name, alias.created, name.domain])
            if db.changesCount == 1 { made.insert(name) }
        }
        for alias in aliases {
            let name = try LocalName(known: alias.address)
            guard
                let row = try Int64.fetchOne(
                    db,
                    sql: """
                        SELECT a.id FROM aliases a JOIN domains d ON d.id = a.domain
                        WHERE d.name = ? AND a.name = ? AND a.created = ?
                        """, arguments: [name.domain, name.name, alias.created])
            else { continue }
            for target in try alias.targets.map({ try LocalName(known: $0) }) {
                let mayLead =
                    try made.contains(name) ? target.isTaken(in: db) : target == account || made.contains(target)
                guard mayLead else { continue }
                try db.execute(
                    sql: """
                        INSERT OR IGNORE INTO alias_targets (alias, name, domain)
                        SELECT ?1, ?2, ?3 WHERE (SELECT COUNT(*) FROM alias_targets WHERE alias = ?1) < ?4
                        """, arguments: [row, target.name, target.domain, Self.targetLimit])
            }
        }
        // What would lead over an alias that is left out.
        try Self.removeEmptyAliases(in: db)
    }
}
