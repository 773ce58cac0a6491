// SPDX-License-Identifier: Apache-2.0
import Accounts
import GRDB
import SealedSQLite

/// The mail of one account. Each operation is one transaction: done whole and on disk, or not at all.
///
/// Announcing a change (Redis) is the caller's, after the operation. Handles are cheap and hold no file: see
/// `AccountDirectory`. UIDs only grow, every change takes the account's next modseq.
package final class AccountStore: Sendable {
    package let account: AccountID
    private let directory: AccountDirectory

    init(account: AccountID, directory: AccountDirectory) {
        self.account = account
        self.directory = directory
    }

    var limits: StoreLimits { directory.limits }

    /// How many bytes the account may hold, as it is set now; nil: no limit. Asked before each operation that stores
    /// something, never kept.
    package func quota() async throws(StoreError) -> Int? { try await directory.quota(of: account) }

    /// One snapshot of the file, seen by nobody else; blocks no writer. For the rooms that keep their tables in it.
    package func read<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws(StoreError) -> T {
        try await directory.withFile(of: account) { try await $0.pool.read(body) }
    }

    /// One immediate transaction, synced when this returns.
    package func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws(StoreError) -> T {
        try await directory.withFile(of: account) { try await $0.pool.write(body) }
    }

    /// The open file itself, for this time.
    func withFile<T: Sendable>(_ body: @Sendable (OpenFile) async throws -> T) async throws(StoreError) -> T {
        try await directory.withFile(of: account, body)
    }

    /// See `AccountDirectory.damagedPages`.
    func damagedPages() async -> [String] { await directory.damagedPages(of: account) }

    /// Throws `.diskFull` when `bytes` more would leave too little room on the disk (`DiskRoom`).
    package func checkDisk(for bytes: Int) throws(StoreError) {
        guard DiskRoom.allows(bytes, at: directory.root) else { throw .diskFull }
    }

    /// As `write`, sharing the sync with other appends. `.diskFull` when `bytes` more would leave too little room.
    func append<T: Sendable>(
        messages: Int = 1, bytes: Int, _ body: @escaping @Sendable (Database) throws -> T
    ) async throws(StoreError) -> T {
        try checkDisk(for: bytes)
        let stored = try await directory.withFile(of: account) {
            try await $0.appends.run(messages: messages, bytes: bytes, body)
        }
        directory.indexing.note(account)
        return stored
    }
}
