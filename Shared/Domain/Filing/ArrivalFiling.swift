// SPDX-License-Identifier: Apache-2.0
import Accounts
import Logging
import MailStore
import Metrics
import ServiceLifecycle
import Synchronization

/// Files the sealed mail of zero-access accounts while somebody who logged in holds the account's key in this process: at
/// the login, at each announcement, and each minute. Several processes may do so at once.
package final class ArrivalFiling: Service {
    /// Between two looks without an announcement.
    package static let sweep = Duration.seconds(60)
    /// How long a login waits for what has piled up; the rest comes in while the session goes on.
    package static let patience = Duration.seconds(20)

    private struct State {
        var watches: [AccountID: Watch] = [:]
        var isOver = false
    }

    private let directory: Directory
    private let accounts: AccountDirectory
    private let changes: @Sendable (AccountID) -> AsyncStream<Void>
    private let announce: @Sendable (AccountID) -> Void
    private let logger: Logger
    private let checks: OwnerChecks
    private let newcomers = AsyncStream.makeStream(of: Watch.self)
    private let state = Mutex(State())

    /// - Parameters:
    ///   - changes: an element whenever an account may have changed.
    ///   - announce: tells sessions that it did; must not wait.
    package init(
        directory: Directory, accounts: AccountDirectory,
        changes: @escaping @Sendable (AccountID) -> AsyncStream<Void>,
        announce: @escaping @Sendable (AccountID) -> Void, logger: Logger
    ) {
        self.directory = directory
        self.accounts = accounts
        self.changes = changes
        self.announce = announce
        self.logger = logger
        checks = OwnerChecks(directory: directory, accounts: accounts, logger: logger)
    }

    /// For a login, which holds the account's key: returns when everything that waited before is filed, when that failed,
    /// or when `patience` is over. The account is looked after for as long as anybody holds its key.
    package func attend(_ account: AccountID) async {
        let done = AsyncStream.makeStream(of: Void.self)
        state.withLock { state in
            guard !state.isOver else { return done.continuation.finish() }
            let known = state.watches[account]
            let watch = known ?? Watch(account)
            state.watches[account] = watch
            watch.ask(done.continuation)
            if known == nil { newcomers.continuation.yield(watch) }
        }
        await withDiscardingTaskGroup { group in
            group.addTask {
                try? await Task.sleep(for: Self.patience)
                done.continuation.finish()
            }
            for await _ in done.stream {}
            group.cancelAll()
        }
    }

    /// Until the service stops.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.checks.run() }
                group.addTask { await self.fileWhatIsLeft() }
                for await watch in self.newcomers.stream { group.addTask { await self.keep(watch) } }
            }
        }
        state.withLock { state in
            state.isOver = true
            for watch in state.watches.values { watch.takeAsked().forEach { $0.finish() } }
            state.watches = [:]
        }
    }

    /// Of accounts that ceased to be zero-access ones, when whoever switched that off was killed before the end.
    private func fileWhatIsLeft() async {
        while !Task.isCancelled {
            for account in (try? await directory.accountsWithLeftArrivals()) ?? [] {
                var logger = logger
                logger[metadataKey: "account"] = "\(account)"
                do {
                    guard let refused = try await directory.fileLeftArrivals(of: account, filesIn: accounts.root) else {
                        continue
                    }
                    // What does not open stays, and was told when it was put aside.
                    guard refused == 0 else { continue }
                    announce(account)
                    logger.notice("what was left sealed is filed")
                } catch { logger.error("what is left sealed was not filed", metadata: ["error": "\(error)"]) }
            }
            try? await Task.sleep(for: Self.sweep)
        }
    }

    private func keep(_ watch: Watch) async {
        await withDiscardingTaskGroup { group in
            group.addTask { for await _ in self.changes(watch.account) { watch.signal() } }
            group.addTask {
                while !Task.isCancelled {
                    try? await Task.sleep(for: Self.sweep)
                    watch.signal()
                }
            }
            for await _ in watch.signals {
                let asked = watch.takeAsked()
                let isHeld = await pass(watch.account)
                asked.forEach { $0.finish() }
                if isHeld { await checks.look(at: watch.account) }
                if !isHeld, end(watch) { break }
            }
            group.cancelAll()
        }
    }

    /// False when somebody asked meanwhile: they logged in just now.
    private func end(_ watch: Watch) -> Bool {
        state.withLock { state in
            guard !watch.isAsked else { return false }
            state.watches[watch.account] = nil
            return true
        }
    }

    /// False when nobody holds the key any more.
    private func pass(_ account: AccountID) async -> Bool {
        var logger = logger
        logger[metadataKey: "account"] = "\(account)"
        do {
            guard let hold = try await directory.hold(account), let arrivals = try await accounts.arrivals(of: account)
            else { return false }
            defer { hold.release() }
            let filed = try await accounts.store(for: account)
                .file(arrivals, with: directory.arrivalKey(of: account))
            count("filed", filed.messages)
            count("refused", filed.refused)
            if filed.refused > 0 {
                logger.error("sealed messages do not open and were put aside", metadata: ["count": "\(filed.refused)"])
            }
            if filed.messages > 0 {
                logger.info("sealed messages filed", metadata: ["count": "\(filed.messages)"])
                announce(account)
            }
        } catch {
            // They stay where they are, and are looked for again.
            logger.error("sealed messages could not be filed", metadata: ["error": "\(error)"])
        }
        return true
    }

    private func count(_ outcome: String, _ messages: Int) {
        guard messages > 0 else { return }
        Counter(label: "mailkeep_sealed_arrivals_total", dimensions: [("outcome", outcome)]).increment(by: messages)
    }
}

/// An account that is looked after, and who waits for the next pass.
private final class Watch: Sendable {
    typealias Asker = AsyncStream<Void>.Continuation

    let account: AccountID
    let signals: AsyncStream<Void>
    private let continuation: Asker
    private let asked = Mutex<[Asker]>([])

    init(_ account: AccountID) {
        self.account = account
        (signals, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Look once more.
    func signal() { continuation.yield() }

    /// Finished when a pass that began after this is over.
    func ask(_ asker: Asker) {
        asked.withLock { $0.append(asker) }
        signal()
    }

    var isAsked: Bool { asked.withLock { !$0.isEmpty } }

    func takeAsked() -> [Asker] {
        asked.withLock { asked in
            defer { asked = [] }
            return asked
        }
    }
}
