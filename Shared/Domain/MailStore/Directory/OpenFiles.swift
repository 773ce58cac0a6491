// SPDX-License-Identifier: Apache-2.0
import Accounts
import Dispatch
import Foundation
import GRDB
import SealedSQLite

/// The bounded set of open files. Leased while in use; the one unused for longest goes first.
///
/// Opening and closing run on a queue of their own, never on the actor: a slow disk or a broken file holds up only
/// those who want that account.
actor OpenFiles {
    private struct Entry {
        var file: OpenFile
        var leases = 0
        var lastUse: UInt64 = 0
        /// Something failed that a connection may not get over: it is opened anew.
        var isSuspect = false
    }

    private let limit: Int
    private let open: @Sendable (AccountID) throws -> OpenFile

    private var entries: [AccountID: Entry] = [:]
    /// Being opened, closed or removed: everyone else waits.
    private var inTransit: Set<AccountID> = []
    private var waiters: [CheckedContinuation<Void, Never>] = []
    private var clock: UInt64 = 0
    private var isClosed = false

    private static let queue = DispatchQueue(label: "mailkeep.store.files", attributes: .concurrent)

    init(limit: Int, open: @escaping @Sendable (AccountID) throws -> OpenFile) {
        self.limit = max(1, limit)
        self.open = open
    }

    /// Files open or on the way there.
    var count: Int { entries.count + inTransit.count }

    /// Whether the account's file is open here and still is the account's.
    func isOpen(_ account: AccountID) -> Bool { entries[account].map { !$0.file.hasMoved } ?? false }

    /// `opener`: opens this one, in place of the opener of all.
    func lease(
        _ account: AccountID, opener: (@Sendable () throws -> OpenFile)? = nil
    ) async throws(StoreError) -> OpenFile {
        while true {
            guard !isClosed else { throw .closed }
            if inTransit.contains(account) {
                await change()
            } else if let entry = entries[account] {
                if !entry.isSuspect, !entry.file.hasMoved {
                    take(account)
                    return entry.file
                }
                if entry.leases == 0 { await closeFile(of: account) } else { await change() }
            } else if count >= limit {
                if let idle = longestUnused() { await closeFile(of: idle) } else { await change() }
            } else {
                let file = try await openFile(of: account, opener)
                guard !isClosed else {
                    await Self.close(file)
                    throw .closed
                }
                entries[account] = Entry(file: file)
                take(account)
                return file
            }
        }
    }

    /// `isSuspect`: the file was called damaged.
    func release(_ account: AccountID, isSuspect: Bool) {
        entries[account]?.leases -= 1
        if isSuspect { entries[account]?.isSuspect = true }
        wake()
    }

    /// Waits until the account is not in use, closes it and runs `body` while nobody can open it.
    func withClosed<T: Sendable>(
        _ account: AccountID, _ body: @escaping @Sendable () throws -> T
    ) async throws(StoreError) -> T {
        while inTransit.contains(account) || (entries[account]?.leases ?? 0) > 0 { await change() }
        let file = entries.removeValue(forKey: account)?.file
        inTransit.insert(account)
        if let file { await Self.close(file) }
        let result = await Self.onQueue(body)
        inTransit.remove(account)
        wake()
        return try result.get()
    }

    /// Closes everything, each file when its last lease ends.
    func close() async {
        isClosed = true
        wake()
        while !entries.isEmpty || !inTransit.isEmpty {
            if let idle = longestUnused() { await closeFile(of: idle) } else { await change() }
        }
    }

    // MARK: Inside

    private func take(_ account: AccountID) {
        clock += 1
        entries[account]?.leases += 1
        entries[account]?.lastUse = clock
    }

    private func longestUnused() -> AccountID? {
        entries.lazy.filter { $0.value.leases == 0 }.min { $0.value.lastUse < $1.value.lastUse }?.key
    }

    private func openFile(
        of account: AccountID, _ opener: (@Sendable () throws -> OpenFile)?
    ) async throws(StoreError) -> OpenFile {
        inTransit.insert(account)
        let open = open
        let result = await Self.onQueue { try opener?() ?? open(account) }
        inTransit.remove(account)
        wake()
        return try result.get()
    }

    private func closeFile(of account: AccountID) async {
        guard let file = entries.removeValue(forKey: account)?.file else { return }
        inTransit.insert(account)
        await Self.close(file)
        inTransit.remove(account)
        wake()
    }

    private static func close(_ file: OpenFile) async { _ = await onQueue { try SealedDatabase.close(file.pool) } }

    /// On threads that may wait, unlike those of tasks, of which there are as many as cores.
    static func onQueue<T: Sendable>(
        _ body: @escaping @Sendable () throws -> T
    ) async -> Result<T, StoreError> {
        await withCheckedContinuation { answer in
            queue.async { answer.resume(returning: Result(catching: body).mapError(StoreError.init)) }
        }
    }

    /// Until something was released, opened or closed.
    private func change() async { await withCheckedContinuation { waiters.append($0) } }

    private func wake() {
        let woken = waiters
        waiters = []
        for waiter in woken { waiter.resume() }
    }
}
