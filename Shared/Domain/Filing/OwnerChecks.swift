// SPDX-License-Identifier: Apache-2.0
import Accounts
import Logging
import MailStore
import Synchronization

/// Makes the checks of zero-access accounts that `mailkeep account check` wished for while they were closed: one at a time.
final class OwnerChecks: Sendable {
    private let directory: Directory
    private let accounts: AccountDirectory
    private let logger: Logger
    private let asked = AsyncStream.makeStream(of: AccountID.self)
    /// Those that wait or are being checked: each once.
    private let known = Mutex<Set<AccountID>>([])

    init(directory: Directory, accounts: AccountDirectory, logger: Logger) {
        (self.directory, self.accounts, self.logger) = (directory, accounts, logger)
    }

    /// For who has its key just now: when a check is wished, one is made soon.
    func look(at account: AccountID) async {
        guard let arrivals = try? await accounts.arrivals(of: account),
            (try? await arrivals.ownerCheck().wished) ?? nil != nil
        else { return }
        if known.withLock({ $0.insert(account).inserted }) { asked.continuation.yield(account) }
    }

    /// Until the task is cancelled; what was wished and not ended by then is made after a later login.
    func run() async {
        for await account in asked.stream {
            await check(account)
            _ = known.withLock { $0.remove(account) }
        }
    }

    /// Keeps the key for its own time. Nobody has it any more: left for the next login.
    private func check(_ account: AccountID) async {
        var logger = logger
        logger[metadataKey: "account"] = "\(account)"
        do {
            guard let hold = try await directory.hold(account), let arrivals = try await accounts.arrivals(of: account)
            else { return }
            defer { hold.release() }
            let report = try await accounts.store(for: account).check()
            try await arrivals.note(report)
            if report.isSound {
                logger.info("the account's file was checked: sound", metadata: ["messages": "\(report.messages)"])
            } else {
                logger.error(
                    "the account's file is damaged",
                    metadata: ["findings": "\(report.nameless.joined(separator: "; "))"])
            }
        } catch  where Task.isCancelled {
            return
        } catch {
            // The wish stays.
            logger.warning("the account's file could not be checked", metadata: ["error": "\(error)"])
        }
    }
}
