// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import GRDB
import SealedSQLite

/// The one door through which an account's file is opened.
///
/// Files lie in `root` as `<32 hex digits>.db`, under names of their own. An `AccountStore` is a light handle: it may be kept for as long as a
/// session lives, and takes an open file from here only for the time of each operation. At most `limit` files are open
/// at once; the one that was used longest ago is closed for another, never while it is in use; when all are in use,
/// operations wait. An account that fails to open or is slow harms only its own callers.
///
/// A file can be replaced by another while it is in use (`rekey`): an operation that meets that is begun again on the new one.
package final class AccountDirectory: Sendable {
    package let root: String
    package let limits: StoreLimits
    private let keys: @Sendable (AccountID) throws -> AccountFileKey
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
    ///   - keys: tells which file an account has, and its key (`Accounts.Directory.fileKey(of:)`); called at each opening, on a
    ///     thread that may wait.
    ///     `DirectoryError.noSuchAccount` is `.noSuchAccount` to the caller, any other error `.keyUnavailable`.
    package init(
        root: String, limit: Int = 64, limits: StoreLimits = StoreLimits(),
        quota: @escaping @Sendable (AccountID) async throws -> Int? = { _ in nil },
        arrivals: @escaping @Sendable (AccountID) async throws -> ArrivalsPlace? = { _ in nil },
        keys: @escaping @Sendable (AccountID) throws -> AccountFileKey
    ) {
        self.root = root
        self.limits = limits
        self.keys = keys
        quotas = quota
        places = arrivals
        files = OpenFiles(limit: limit) { account in try Self.open(account, root, limits, keys) }
        arrivalFiles = OpenFiles(limit: max(1, limit / 2)) { _ in throw StoreError.keyUnavailable }
    }

    /// Makes the file, with INBOX, Drafts, Sent, Archive, Junk and Trash, all subscribed. Throws `.accountExists`.
    @discardableResult
    package func create(_ account: AccountID) async throws(StoreError) -> AccountStore {
        let (root, keys) = (root, keys)
        try await files.withClosed(account) {
            let found = try Self.find(account, keys)
            let path = found.file.path(in: root)
            guard FileIdentity(path: path) == nil else { throw StoreError.accountExists }
            try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
            try AccountFile.create(path: path, key: found.key)
        }
        return AccountStore(account: account, directory: self)
    }

    /// A handle on the account. Looks only whether the file is there (`.noSuchAccount`); the file is opened at first
    /// use.
    package func store(for account: AccountID) async throws(StoreError) -> AccountStore {
        guard await exists(account) else { throw .noSuchAccount }
        return AccountStore(account: account, directory: self)
    }

    /// Whether there is a file of the account. Of one whose key cannot be had just now this is not known: true.
    package func exists(_ account: AccountID) async -> Bool {
        if await files.isOpen(account) { return true }
        let (root, keys) = (root, keys)
        let found = await OpenFiles.onQueue {
            FileIdentity(path: try Self.find(account, keys).file.path(in: root)) != nil
        }
        return (try? found.get()) ?? (found != .failure(.noSuchAccount))
    }

    /// Whether there is such an account, whatever became of its file. One that cannot be looked for just now is taken to be there.
    package func isKnown(_ account: AccountID) async -> Bool {
        let keys = keys
        if case .failure(.noSuchAccount) = await OpenFiles.onQueue({ _ = try Self.find(account, keys) }) { return false }
        return true
    }

    /// Closes and deletes the file with its -wal and -shm. Handles fail with `.noSuchAccount` from then on.
    /// A file that is not there is no error.
    package func remove(_ account: AccountID) async throws(StoreError) {
        let (root, keys) = (root, keys)
        try await files.withClosed(account) {
            try AccountFile.remove(path: Self.find(account, keys).file.path(in: root))
        }
    }

    /// Saves what can still be read of the account's file into a new one, `output`, with the same key. The file itself is
    /// not changed; nobody else can write to it meanwhile. Throws `.noSuchAccount`, `.accountExists` when there is an
    /// `output`, `.keyUnavailable`, `.diskFull`, `.unavailable`.
    package func salvage(
        _ account: AccountID, into output: String,
        progress: @escaping @Sendable (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) async throws(StoreError) -> SalvageReport {
        let (root, keys) = (root, keys)
        return try await files.withClosed(account) {
            let found = try Self.find(account, keys)
            return try AccountSalvage.run(found.file.path(in: root), key: found.key, into: output, progress)
        }
    }

    /// Pages that are named one by one.
    private static let pagesNamed = 20

    /// A sentence for each page of the account's file whose tag does not fit, with the table that it is of: read past SQLite, and
    /// nobody waits for it. Empty when that cannot be done just now.
    func damagedPages(of account: AccountID) async -> [String] {
        let (root, keys) = (root, keys)
        let found = await OpenFiles.onQueue {
            let found = try Self.find(account, keys)
            let reader = SalvageReader(try SnapshotPages(path: found.file.path(in: root), key: found.key))
            let pages = reader.unreadable.prefix(Self.pagesNamed).map {
                "page \($0) is damaged, of: \(reader.use(of: $0))"
            }
            let more = reader.unreadable.count - pages.count
            return more > 0 ? pages + ["and \(more) more pages are damaged"] : pages
        }
        return (try? found.get()) ?? []
    }

    /// Tidies accounts, one after the other, in small steps (`AccountStore.tidy`); of a zero-access one what is open to us. A failing one is passed over.
    /// For a service to call now and then; ends early when its task is cancelled.
    package func tidy(_ accounts: [AccountID]) async {
        for account in accounts {
            let store = AccountStore(account: account, directory: self)
            while !Task.isCancelled, (try? await store.tidy()) == true { await Task.yield() }
            let arrivals = try? await arrivals(of: account)
            while !Task.isCancelled, (try? await arrivals?.tidy()) == true { await Task.yield() }
            if Task.isCancelled { return }
        }
    }

    /// How long what was left half made stays, in seconds.
    private static let leavingAge = 3_600

    /// Removes what programs that were killed left: files that are not whole yet (`….new`) and that no living program makes, logs
    /// without their file, and files of arrivals that never came into use. No file of an account.
    ///
    /// - Parameter named: the files that slots name (`Accounts.Directory.namedFiles`).
    package func removeLeavings(named: Set<AccountFileName>) {
        let names = Set((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? [])
        for name in names {
            let path = root + "/" + name
            let parts = name.split(separator: ".", maxSplits: 1)
            guard parts.count == 2, let file = AccountFileName(parts[0]), isOld(path) else { continue }
            let isLeft =
                switch parts[1] {
                case "db-wal", "db-shm": !names.contains(parts[0] + ".db")
                case ArrivalsFile.unusedMark:
                    !named.contains(file) && (try? AccountFile.remove(path: arrivalsPath(file))) != nil
                case "arrivals.db-wal", "arrivals.db-shm": !names.contains(parts[0] + ArrivalsFile.suffix)
                case let rest: rest.hasPrefix("db.") && rest.contains(".new") && !RekeyedCopy.isBeingMade(path)
                }
            if isLeft { unlink(path) }
        }
    }

    private func isOld(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mtim.tv_sec < time(nil) - Self.leavingAge
    }

    /// Closes all files when their operations are done; everything fails with `.closed` from then on.
    package func close() async {
        await files.close()
        await arrivalFiles.close()
    }

    /// For a piece of work of its own: closes all files after it, whatever it ends with.
    package func closing<T: Sendable>(after body: (AccountDirectory) async throws -> T) async throws -> T {
        let result: Result<T, any Error>
        do { result = .success(try await body(self)) } catch { result = .failure(error) }
        await close()
        return try result.get()
    }

    /// Files of accounts that are open now; never above the limit.
    package var openFiles: Int { get async { await files.count } }

    func quota(of account: AccountID) async throws(StoreError) -> Int? {
        guard await exists(account) else { throw .noSuchAccount }
        do { return try await quotas(account) } catch {
            throw .unavailable("the account's quota cannot be read: \(type(of: error))")
        }
    }

    /// How often in a row a file may be replaced under one operation.
    private static let mostMoves = 5

    /// Runs `body`, which is one transaction, with the account's open file, which stays open until it returns; again with
    /// the new file when it failed because the file lost its name.
    func withFile<T: Sendable>(
        of account: AccountID, _ body: @Sendable (OpenFile) async throws -> T
    ) async throws(StoreError) -> T {
        var moves = 0
        while true {
            let file = try await files.lease(account)
            let result: Result<T, StoreError>
            do { result = .success(try await body(file)) } catch { result = .failure(StoreError(error)) }
            let isMoved = result.mayBeMoved && file.hasMoved
            await files.release(account, isSuspect: result.isSuspect)
            moves += 1
            if !isMoved || moves == Self.mostMoves { return try result.get() }
        }
    }

    private static func open(
        _ account: AccountID, _ root: String, _ limits: StoreLimits, _ keys: (AccountID) throws -> AccountFileKey
    ) throws -> OpenFile {
        var found = try find(account, keys)
        while true {
            do { return try AccountFile.open(path: found.file.path(in: root), key: found.key, limits: limits) } catch {
                // It may have been replaced since it was found.
                let again = try find(account, keys)
                guard again.file != found.file else { throw error }
                found = again
            }
        }
    }

    private static func find(
        _ account: AccountID, _ keys: (AccountID) throws -> AccountFileKey
    ) throws(StoreError) -> AccountFileKey {
        do { return try keys(account) } catch let error as StoreError { throw error } catch DirectoryError.noSuchAccount
        {
            throw .noSuchAccount
        } catch { throw .keyUnavailable }
    }
}

extension Result where Failure == StoreError {
    /// Whether the operation may have failed because its file lost its name; it changed nothing then.
    fileprivate var mayBeMoved: Bool {
        switch self {
        case .failure(.moved), .failure(.unavailable), .failure(.damaged): true
        default: false
        }
    }

    /// After a failed sync SQLite may call a sound file damaged for as long as the connection lives. Not after errors of
    /// writing: opening writes too, and what is open can still be read.
    var isSuspect: Bool {
        if case .failure(.damaged) = self { true } else { false }
    }
}
