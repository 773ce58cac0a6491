// SPDX-License-Identifier: Apache-2.0
import GRDB
import MailStore

/// Calendars and address books of one account, in its file. Each operation is one transaction, on disk when it returns.
///
/// Bytes come back as they were put. Announcing a change is the caller's.
package struct CalendarStore: Sendable {
    let account: AccountStore
    let limits: CollectionLimits

    package init(_ account: AccountStore, limits: CollectionLimits = CollectionLimits()) {
        self.account = account
        self.limits = limits
    }

    /// What the whole account holds and may hold: mail counts too.
    package func use() async throws(CollectionError) -> StorageUse {
        do throws(StoreError) { return try await account.use() } catch { throw .store(error) }
    }

    /// The quota of an account whose disk has room for `bytes` more; `.store(.diskFull)` where it has not.
    func quota(for bytes: Int) async throws(CollectionError) -> Int? {
        do throws(StoreError) {
            try account.checkDisk(for: bytes)
            return try await account.quota()
        } catch { throw .store(error) }
    }

    func read<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws(CollectionError) -> T {
        let result: Result<T, CollectionError>
        do throws(StoreError) {
            result = try await account.read { db in try Self.result(body, db) }
        } catch { throw .store(error) }
        return try result.get()
    }

    /// `body` throws a `CollectionError` only before it changes anything: the transaction is then committed, empty.
    func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws(CollectionError) -> T {
        let result: Result<T, CollectionError>
        do throws(StoreError) {
            result = try await account.write { db in try Self.result(body, db) }
        } catch { throw .store(error) }
        return try result.get()
    }

    /// A `CollectionError` as a value: the store knows only errors of its own.
    private static func result<T>(_ body: (Database) throws -> T, _ db: Database) throws -> Result<T, CollectionError> {
        do { return .success(try body(db)) } catch let error as CollectionError { return .failure(error) }
    }
}
