// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import SealedSQLite

/// Everything that a config.db has of one account, on the way into another one. Not its sessions of the web pages, which
/// are a browser's, nor lines of the audit log.
package struct AccountExport: Sendable {
    /// With its quota.
    package let account: AccountRecord
    /// The file that it has there.
    package let file: AccountFileName
    let credentials: [Credential]
    let appPasswords: [AppPassword]
    /// Of a zero-access account: what its owner's secrets open, and the private part of its `ArrivalKey`.
    let slots: [Slot]
    /// Of a zero-access account: where its mail waits.
    package let arrivals: ArrivalsPlace?
    /// That lead to it, over others too; those that lead to it themselves come first.
    let aliases: [AliasRecord]

    struct Credential: Sendable {
        let label: String
        let hash: String
        let created: Int64
    }

    struct AppPassword: Sendable {
        let label: String
        let code: Data
        let created: Int64
        let used: Int64?
        /// Of a zero-access account: what it opens the file by.
        let slot: KeySlot?
        /// And by what the next file's key is wrapped for it; nil: of an earlier build.
        let publicSlot: KeySlot?
    }

    struct Slot: Sendable {
        let kind: SlotKind
        let slot: KeySlot
    }

    /// Addresses of the aliases that led to it.
    package var aliasAddresses: [String] { aliases.map(\.address) }
}

extension Directory {
    /// Throws `.noSuchAccount`, `KeyError`, `KeySlotError`.
    package func export(_ address: String) async throws -> AccountExport {
        let account = try await account(address)
        let arrivals = try await arrivals(of: account.id)
        return try await pool.read { db in
            guard let file = try Self.file(of: account.id, in: db) else {
                throw DirectoryError.noSuchAccount(account.address)
            }
            let id = account.id.description
            let credentials = try Row.fetchAll(
                db, sql: "SELECT label, hash, created FROM credentials WHERE account = ? ORDER BY id", arguments: [id]
            ).map { AccountExport.Credential(label: $0[0], hash: $0[1], created: $0[2]) }
            let apps = try Row.fetchAll(
                db,
                sql: """
                    SELECT p.label, p.code, p.created, p.used, s.slot, k.slot FROM app_passwords p
                    LEFT JOIN account_slots s ON s.app = p.id AND s.file = ?2 AND s.kind = 'app'
                    LEFT JOIN account_slots k ON k.app = p.id AND k.file = ?2 AND k.kind = 'app-public'
                    WHERE p.account = ?1 ORDER BY p.id
                    """, arguments: [id, file.description]
            ).map {
                AccountExport.AppPassword(
                    label: $0[0], code: $0[1], created: $0[2], used: $0[3],
                    slot: ($0[4] as Data?).map(KeySlot.init(bytes:)),
                    publicSlot: ($0[5] as Data?).map(KeySlot.init(bytes:)))
            }
            let kinds: [SlotKind] = account.isZeroAccess ? [.password, .recovery, .recoveryPublic, .arrivalKey] : []
            let slots = try kinds.compactMap { kind in
                try Self.slot(kind, of: account.id, file: file, in: db)
                    .map { AccountExport.Slot(kind: kind, slot: $0.slot) }
            }
            return AccountExport(
                account: account, file: file, credentials: credentials, appPasswords: apps, slots: slots,
                arrivals: arrivals, aliases: try Self.aliases(leadingTo: account.address, in: db))
        }
    }
}
