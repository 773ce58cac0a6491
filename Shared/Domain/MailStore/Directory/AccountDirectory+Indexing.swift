// SPDX-License-Identifier: Apache-2.0
import Accounts
import ServiceLifecycle
import Synchronization

/// Accounts that stored something in this process which waits to be indexed.
final class IndexingQueue: Sendable {
    private let noted = Mutex<Set<AccountID>>([])
    /// Yields when an account was noted; for one listener.
    let wakeUps: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    init() { (wakeUps, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    func note(_ account: AccountID) {
        noted.withLock { _ = $0.insert(account) }
        wake.yield()
    }

    /// Those noted since the last call.
    func take() -> Set<AccountID> {
        noted.withLock { accounts in
            defer { accounts = [] }
            return accounts
        }
    }
}

extension AccountDirectory {
    /// Moments after which an account that stores all the time is indexed in between.
    private static let patience = 10

    /// Indexes what was stored through this directory once a `moment` passes without more of it, until its task is
    /// cancelled. An account that fails is left to the next delivery or to `tidy`. One caller at a time.
    package func indexTexts(after moment: Duration = .seconds(1)) async {
        for await _ in indexing.wakeUps {
            var waiting: [AccountID: Int] = [:]
            repeat {
                guard (try? await Task.sleep(for: moment)) != nil else { return }
                let busy = indexing.take()
                for account in busy { waiting[account, default: 0] += 1 }
                for (account, moments) in waiting where !busy.contains(account) || moments > Self.patience {
                    waiting[account] = nil
                    let store = AccountStore(account: account, directory: self)
                    while !Task.isCancelled, (try? await store.indexTexts()) == true {}
                }
            } while !waiting.isEmpty
        }
    }
}

extension AccountStore {
    /// Takes a batch of messages that were stored and not indexed into the search index. True when there may be more.
    @discardableResult
    package func indexTexts() async throws(StoreError) -> Bool {
        try await withFile { try await $0.backlog?.indexSome() ?? false }
    }
}

/// Fills the search index behind the deliveries of a service.
package struct TextIndexing: Service {
    private let accounts: AccountDirectory

    package init(_ accounts: AccountDirectory) { self.accounts = accounts }

    package func run() async { await cancelWhenGracefulShutdown { await accounts.indexTexts() } }
}
