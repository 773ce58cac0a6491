// SPDX-License-Identifier: Apache-2.0

extension AccountStore {
    /// What the account holds and may hold now; one row is read.
    package func use() async throws(StoreError) -> StorageUse {
        let limit = try await quota()
        return try await read { db in try db.use(limit: limit) }
    }

    /// Whether that many bytes more fit just now; only storing them can promise it.
    package func hasRoom(for bytes: Int) async throws(StoreError) -> Bool {
        // Without a limit the file need not be opened.
        guard let limit = try await quota() else { return true }
        return try await read { db in try db.use(limit: limit).hasRoom(for: bytes) }
    }
}
