// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import MailFormat

extension Directory {
    /// Two labels or more, the last not of digits alone: no address literal, no address without brackets, not `localhost`.
    private static func isDomain(_ name: String) -> Bool {
        let labels = name.split(separator: ".")
        return !name.hasPrefix("[") && labels.count > 1 && labels.last?.allSatisfy(\.isNumber) == false
    }

    /// Adds the domain with an Ed25519 and an RSA key for DKIM, wrapped by the signing key.
    @discardableResult
    package func addDomain(_ name: String, by actor: String) async throws -> [SigningRecord] {
        guard let domain = MailAddress(parsing: "postmaster@" + name)?.domain, Self.isDomain(domain) else {
            throw DirectoryError.malformedDomain(name)
        }
        _ = try keys.key(.signing)
        guard try await !isLocal(domain: domain) else { throw DirectoryError.domainExists(domain) }
        let time = seconds
        let made = try SigningKey.Algorithm.allCases.map { algorithm in
            let key = try NewSigningKey.make(algorithm)
            let record = SigningRecord(
                domain: domain, selector: "mk1-" + algorithm.rawValue, algorithm: algorithm,
                publicKey: [UInt8](key.publicKey))
            return (record: record, privateKey: key.privateKey)
        }
        try await pool.write { db in
            try db.execute(
                sql: "INSERT OR IGNORE INTO domains (name, created) VALUES (?, ?)", arguments: [domain, time])
            guard db.changesCount == 1 else { throw DirectoryError.domainExists(domain) }
            let row = db.lastInsertedRowID
            let wrapping = try self.wrappingKey(.signing, in: db)
            for (record, privateKey) in made {
                let identity = SigningKey.identity(domain: domain, selector: record.selector)
                let slot = privateKey.withBytes {
                    KeySlot.seal($0, for: .signing, identity: identity, key: wrapping)
                }
                try db.execute(
                    sql: """
                        INSERT INTO signing_keys (domain, selector, algorithm, public_key, slot, created)
                        VALUES (?, ?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        row, record.selector, record.algorithm.rawValue, Data(record.publicKey), slot.data, time,
                    ])
            }
            try self.note("domain add", domain, by: actor, in: db)
        }
        return made.map(\.record)
    }

    /// In the order in which they were added.
    package func domains() async throws -> [DomainRecord] {
        try await pool.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT name, created, quota, (SELECT COUNT(*) FROM accounts a WHERE a.domain = d.id) AS accounts,
                        (SELECT COUNT(*) FROM aliases a WHERE a.domain = d.id) AS aliases FROM domains d ORDER BY id
                    """
            ).map {
                DomainRecord(
                    name: $0["name"], created: $0["created"], accounts: $0["accounts"], aliases: $0["aliases"],
                    quota: $0["quota"])
            }
        }
    }

    /// Removes a domain without accounts, with its aliases and DKIM keys.
    package func removeDomain(_ name: String, by actor: String) async throws {
        let domain = Self.domainName(name)
        try await pool.write { db in
            guard let row = try Int64.fetchOne(db, sql: "SELECT id FROM domains WHERE name = ?", arguments: [domain])
            else {
                throw DirectoryError.noSuchDomain(domain)
            }
            let accounts =
                try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM accounts WHERE domain = ?", arguments: [row]) ?? 0
            guard accounts == 0 else { throw DirectoryError.domainInUse(domain, accounts: accounts) }
            let aliases = try String.fetchAll(db, sql: "SELECT name FROM aliases WHERE domain = ?", arguments: [row])
            try db.execute(sql: "DELETE FROM domains WHERE id = ?", arguments: [row])
            for alias in aliases { try Self.removeTarget(LocalName(name: alias, domain: domain), in: db) }
            try self.note("domain remove", domain, by: actor, in: db)
        }
    }

    /// The DKIM keys of the domain, Ed25519 first; empty for a domain that is not ours. Needs the signing key.
    package func signingKeys(domain: String) async throws -> [SigningKey] {
        let name = Self.domainName(domain)
        return try await signingRows(name).compactMap { record, slot in
            let identity = SigningKey.identity(domain: record.domain, selector: record.selector)
            return SigningKey(
                domain: record.domain, selector: record.selector, algorithm: record.algorithm,
                privateKey: try KeySlot(bytes: slot).openSecret(for: .signing, identity: identity, keys: keys))
        }
    }

    /// What has to be in the DNS. Throws `.noSuchDomain`.
    package func signingRecords(domain: String) async throws -> [SigningRecord] {
        let name = Self.domainName(domain)
        guard try await isLocal(domain: name) else { throw DirectoryError.noSuchDomain(name) }
        return try await signingRows(name).map(\.0)
    }

    /// As it is kept: lower case, A-labels.
    static func domainName(_ name: String) -> String {
        MailAddress(parsing: "postmaster@" + name)?.domain ?? name.lowercased()
    }

    private func signingRows(_ domain: String) async throws -> [(SigningRecord, [UInt8])] {
        try await pool.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT k.* FROM signing_keys k JOIN domains d ON d.id = k.domain WHERE d.name = ? ORDER BY k.id LIMIT 20
                    """, arguments: [domain]
            ).compactMap { row in
                // An algorithm of a later release is left to that.
                guard let algorithm = SigningKey.Algorithm(rawValue: row["algorithm"]) else { return nil }
                return (
                    SigningRecord(
                        domain: domain, selector: row["selector"], algorithm: algorithm,
                        publicKey: [UInt8](row["public_key"] as Data)), [UInt8](row["slot"] as Data)
                )
            }
        }
    }
}
