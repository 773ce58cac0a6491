// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import GRDB
import SealedSQLite

/// The one door through which an account's file is opened.
///
/// Files lie in `root` as `<32 hex digits>.db`. An `AccountStore` is a light handle: it may be kept for as long as a
/// session lives, and takes an open file from here only for the time of each operation. At most `limit` files are open
/// at once; the one that was used longest ago is closed for another, never while it is in use; when all are in use,
/// operations wait. An account that fails to open or is slow harms only its own callers.
package final class AccountDirectory: Sendable {
    package let root: String
    package let limits: StoreLimits
    private let keys: @Sendable (AccountID) throws -> SealedKey
    private let quotas: @Sendable (AccountID) async throws -> Int?
    let places: @Sendable (AccountID) async throws -> ArrivalsPlace?
    let files: OpenFiles
    /// Of sealed arrivals, half as many as of accounts.
    let arrivalFiles: OpenFiles
    let indexing = IndexingQueue()

    /// - Parameters:
    ///   - root: folder of the account files (`<data>/accounts`); made when missing.
    ///   - limit: most files open at once, 1 or more.
    ///   - quota: how many bytes an account may hold (`Accounts.Directory.quota(of:)`); asked before each operation that
    ///     stores something, so that a change holds for the next one. Nil: no limit, and so without this closure.
    ///     Any error it throws is `.unavailable` to the caller.
    ///   - arrivals: where mail for a zero-access account waits; nil for another account. Asked at each delivery.
    ///   - keys: gives the file key of an account (`Accounts.Directory.fileKey(of:)`); called at each opening.
    ///     Any error it throws is `.keyUnavailable` to the caller.
    package init(
        root: String, limit: Int = 64, limits: StoreLimits = StoreLimits(),
        quota: @escaping @Sendable (AccountID) async throws -> Int? = { _ in nil },
        arrivals: @escaping @Sendable (AccountID) async throws -> ArrivalsPlace? = { _ in nil },
        keys: @escaping @Sendable (AccountID) throws -> SealedKey
    ) {
        self.root = root
        self.limits = limits
        self.keys = keys
        quotas = quota
        places = arrivals
        let path: @Sendable (String) -> String = { "\(root)/\($0).db" }
        files = OpenFiles(limit: limit, path: path) { name in
            try AccountFile.open(path: path(name), key: Self.key(of: name, keys), limits: limits)
        }
        arrivalFiles = OpenFiles(limit: max(1, limit / 2), path: { "\(root)/\($0)\(ArrivalsFile.suffix)" }) { _ in
            throw StoreError.keyUnavailable
        }
    }

    /// Makes the file, with INBOX, Drafts, Sent, Archive, Junk and Trash, all subscribed. Throws `.accountExists`.
    @discardableResult
    package func create(_ account: AccountID) async throws(StoreError) -> AccountStore {
        let name = account.description
        let path = path(of: account)
        let (root, keys) = (root, keys)
        try await files.withClosed(name) {
            guard FileIdentity(path: path) == nil else { throw StoreError.accountExists }
            try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
            try AccountFile.create(path: path, key: Self.key(of: name, keys))
        }
        return AccountStore(account: account, directory: self)
    }

    /// A handle on the account. Looks only whether the file is there (`.noSuchAccount`); the file is opened at first
    /// use.
    package func store(for account: AccountID) async throws(StoreError) -> AccountStore {
        guard exists(account) else { throw .noSuchAccount }
        return AccountStore(account: account, directory: self)
    }

    /// Whether there is a file of the account.
    package func exists(_ account: AccountID) -> Bool { FileIdentity(path: path(of: account)) != nil }

    /// Closes and deletes the file with its -wal and -shm. Handles fail with `.noSuchAccount` from then on.
    /// A file that is not there is no error.
    package func remove(_ account: AccountID) async throws(StoreError) {
        let path = path(of: account)
        try await files.withClosed(account.description) { try AccountFile.remove(path: path) }
    }

    /// Saves what can still be read of the account's file into a new one, `output`, with the same key. The file itself is
    /// not changed; nobody else can write to it meanwhile. Throws `.noSuchAccount`, `.accountExists` when there is an
    /// `output`, `.keyUnavailable`, `.diskFull`, `.unavailable`.
    package func salvage(
        _ account: AccountID, into output: String,
        progress: @escaping @Sendable (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) async throws(StoreError) -> SalvageReport {
        let (name, path, keys) = (account.description, path(of: account), keys)
        return try await files.withClosed(name) {
            try AccountSalvage.run(path, key: Self.key(of: name, keys), into: output, progress)
        }
    }

    /// Tidies all accounts, one after the other, in small steps (`AccountStore.tidy`). A failing one is passed over.
    /// For a service to call now and then; ends early when its task is cancelled.
    package func tidy() async {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        for name in names.sorted() where name.hasSuffix(".db") {
            guard let account = AccountID(String(name.dropLast(3))) else { continue }
            let store = AccountStore(account: account, directory: self)
            while !Task.isCancelled, (try? await store.tidy()) == true { await Task.yield() }
            if Task.isCancelled { return }
        }
    }

    /// Closes all files when their operations are done; everything fails with `.closed` from then on.
    package func close() async {
        await files.close()
        await arrivalFiles.close()
    }

    /// Files of accounts that are open now; never above the limit.
    package var openFiles: Int { get async { await files.count } }

    func quota(of account: AccountID) async throws(StoreError) -> Int? {
        guard exists(account) else { throw .noSuchAccount }
        do { return try await quotas(account) } catch {
            throw .unavailable("the account's quota cannot be read: \(type(of: error))")
        }
    }

    func path(of account: AccountID) -> String { "\(root)/\(account.description).db" }

    /// Runs `body` with the account's open file, which stays open until it returns.
    func withFile<T: Sendable>(
        of account: AccountID, _ body: @Sendable (OpenFile) async throws -> T
    ) async throws(StoreError) -> T {
        let name = account.description
        let file = try await files.lease(name)
        let result: Result<T, StoreError>
        do { result = .success(try await body(file)) } catch { result = .failure(StoreError(error)) }
        await files.release(name, isSuspect: result.isSuspect)
        return try result.get()
    }

    private static func key(of name: String, _ keys: (AccountID) throws -> SealedKey) throws -> SealedKey {
        do {
            guard let account = AccountID(name) else { throw StoreError.noSuchAccount }
            return try keys(account)
        } catch let error as StoreError { throw error } catch { throw StoreError.keyUnavailable }
    }
}

extension Result where Failure == StoreError {
    /// After a failed sync SQLite may call a sound file damaged for as long as the connection lives. Not after errors of
    /// writing: opening writes too, and what is open can still be read.
    var isSuspect: Bool {
        if case .failure(.damaged) = self { true } else { false }
    }
}
