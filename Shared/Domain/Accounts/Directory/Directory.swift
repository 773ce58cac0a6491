// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import MailFormat
import SealedSQLite

/// Who is here: domains, accounts, aliases, credentials and keys, in config.db.
///
/// Every answer is read from the file, nothing but `PasswordMemory` and `KeyRing` is kept: what `mailkeep` changes holds for the next question
/// of every service. Errors other than the named ones are GRDB's and mean "not just now".
package final class Directory: Sendable {
    /// Length of a password in bytes.
    package static let passwordBytes = 8...1_024
    /// Lines that the audit log keeps.
    package static let auditLines = 10_000

    /// Of one account.
    package static let appPasswords = 20
    /// Most bytes of the name of an app password.
    package static let appPasswordLabel = 100

    /// Zero-access accounts that are open in this process.
    package let keyRing = KeyRing()
    let pool: SealedPool
    let passwords = PasswordMemory()
    let hashing: HashingQueue
    let keys: PurposeKeys
    /// Where the files of the accounts are.
    let accountsFolder: String
    let now: @Sendable () -> Date

    /// Opens config.db. Of `keys`, `.configuration` is needed here; `.accounts` for `fileKey(of:)` and new accounts,
    /// `.signing` for `signingKeys(domain:)` and new domains.
    package convenience init(
        dataFolder: String, keys: PurposeKeys, now: @escaping @Sendable () -> Date = { Date() }
    ) throws {
        try self.init(dataFolder: dataFolder, keys: keys, hashing: .shared, now: now)
    }

    init(dataFolder: String, keys: PurposeKeys, hashing: HashingQueue, now: @escaping @Sendable () -> Date) throws {
        pool = try StoreFile.configuration.open(in: dataFolder, keys: keys, migrations: Schema.migrations)
        self.keys = keys
        self.hashing = hashing
        accountsFolder = dataFolder + "/accounts"
        self.now = now
    }

    /// Makes config.db and config.slot. Throws `SealedError.fileExists` when there are some.
    @discardableResult
    package static func create(dataFolder: String, keys: PurposeKeys) throws -> Directory {
        try StoreFile.configuration.create(in: dataFolder, keys: keys, migrations: Schema.migrations)
        return try Directory(dataFolder: dataFolder, keys: keys)
    }

    package func close() throws { try pool.close() }

    /// What SQLite finds wrong in the file, at most 20 lines; empty when it is sound.
    package func integrityProblems() async throws -> [String] {
        try await pool.read { try $0.integrityProblems() }
    }

    var seconds: Int64 { Int64(now().timeIntervalSince1970) }

    /// Notes a change, in its transaction.
    func note(_ action: String, _ subject: String, by actor: String, in db: Database) throws {
        try db.execute(
            sql: "INSERT INTO audit (at, actor, action, subject) VALUES (?, ?, ?, ?)",
            arguments: [seconds, actor, action, subject])
        try db.execute(
            sql: "DELETE FROM audit WHERE id <= ?", arguments: [db.lastInsertedRowID - Int64(Self.auditLines)])
    }

    /// Notes what was changed elsewhere, as in the outgoing queue.
    package func note(_ action: String, _ subject: String, by actor: String) async throws {
        try await pool.write { try self.note(action, subject, by: actor, in: $0) }
    }

    /// The last changes, newest first; `offset` passes over the newest.
    package func audit(limit: Int = 100, offset: Int = 0) async throws -> [AuditRecord] {
        try await pool.read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM audit ORDER BY id DESC LIMIT ? OFFSET ?",
                arguments: [max(0, limit), max(0, offset)]
            ).map {
                AuditRecord(at: $0["at"], actor: $0["actor"], action: $0["action"], subject: $0["subject"])
            }
        }
    }

    /// Lines of the audit log.
    package func auditCount() async throws -> Int {
        try await pool.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM audit") ?? 0 }
    }
}
