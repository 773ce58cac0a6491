// SPDX-License-Identifier: Apache-2.0

import Accounts
import Logging
import MailFormat
import OutgoingQueue

/// Works off the spool's rows for our own accounts: recipients whose file could not be written when their message came,
/// and reports to senders who are ours. Several processes may do this at once: rows are leased by compare-and-set, and
/// the row's key makes a second delivery of it a no-op.
package struct LocalDeliveries: Sendable {
    private let owner = "smtp-inbound-\(MessageName.make())"
    private let hostname: String
    private let directory: any RecipientDirectory
    private let drop: any MailDrop
    private let queue: OutgoingQueue
    private let announcer: any Announcer
    private let limits: FlowLimits
    private let logger: Logger
    private let now: @Sendable () -> String

    /// `now`: the date as RFC 5322 writes it.
    package init(
        hostname: String, directory: any RecipientDirectory, drop: any MailDrop, queue: OutgoingQueue,
        announcer: any Announcer, limits: FlowLimits = FlowLimits(), logger: Logger,
        now: @escaping @Sendable () -> String
    ) {
        self.hostname = hostname
        self.directory = directory
        self.drop = drop
        self.queue = queue
        self.announcer = announcer
        self.limits = limits
        self.logger = logger
        self.now = now
    }

    /// Looks into the spool at each wake-up, and every `FlowLimits.spoolInterval` seconds without one, until the task
    /// is cancelled.
    package func run(wakeUps: AsyncStream<Void>) async {
        let work = WorkSignals()
        await withDiscardingTaskGroup { group in
            group.addTask { [limits] in await work.feed(wakeUps, every: limits.spoolInterval) }
            for await _ in work.signals {
                while await workOnce(), !Task.isCancelled {}
            }
        }
    }

    /// Takes what is due first and tries it once. False when nothing is due or the spool cannot be read.
    @discardableResult
    package func workOnce() async -> Bool {
        do {
            guard let batch = try await queue.take(.local, owner: owner) else { return false }
            try await work(batch)
            return true
        } catch {
            // The lease runs out and the rows are taken again; their keys keep each delivery single.
            logger.error("spool rows left for later", metadata: ["error": "\(error)"])
            return false
        }
    }

    private func work(_ batch: Batch) async throws {
        let sender = MailAddress(parsing: batch.reversePath)
        let content =
            Array(TraceLines.returnPath(batch.reversePath).utf8) + (try await queue.content(of: batch.message))
        var results: [Int64: AttemptResult] = [:]
        for delivery in batch.deliveries {
            // A store that is slow to answer for many rows must not outlive the lease.
            guard try await queue.renew(batch) else { return }
            let result = await deliver(content, delivery)
            results[delivery.id] = result
            logger.info("spooled delivery", metadata: ["row": "\(delivery.id)", "outcome": "\(result.outcome)"])
        }
        let isLocal = await isLocal(sender)
        let notice = FailureNotice(hostname: hostname, date: now(), name: MessageName.make(), original: content)
        try await queue.finish(batch, results: results) { settled in
            sender.flatMap { notice.message(to: $0, isLocal: isLocal, settled: settled) }
        }
    }

    private func deliver(_ content: [UInt8], _ delivery: Batch.Delivery) async -> AttemptResult {
        do throws(DropFailure) {
            let notice = QuotaNotice(hostname: hostname, date: now())
            // One that fails does not hold up the others; what is in already stays in once.
            var failures: [DropFailure] = []
            for account in try await accounts(delivery) {
                do throws(DropFailure) {
                    try await drop.deliver(content, to: account, key: "\(delivery.key)/\(account)") { use in
                        notice.message(to: delivery.recipient, use)
                    }
                    announcer.changed(account)
                } catch { failures.append(error) }
            }
            if let failure = failures.first(where: \.isTemporary) ?? failures.first { throw failure }
            return AttemptResult(.delivered, status: "2.0.0", reply: "delivered")
        } catch {
            switch error {
            case .temporary(let reason): return AttemptResult(.deferred, status: "4.3.0", reply: reason)
            case .full: return AttemptResult(.deferred, status: "4.3.1", reply: "disk full")
            case .overQuota: return AttemptResult(.deferred, status: "4.2.2", reply: "the mailbox is full")
            case .tooLarge: return AttemptResult(.failed, status: "5.3.4", reply: "message too large")
            case .gone: return AttemptResult(.failed, status: "5.1.1", reply: "no such recipient")
            }
        }
    }

    /// The account that the row names, else those that its recipient stands for now.
    private func accounts(_ delivery: Batch.Delivery) async throws(DropFailure) -> [AccountID] {
        if let text = delivery.account {
            guard let account = AccountID(text) else { throw .gone }
            return [account]
        }
        guard let address = MailAddress(parsing: delivery.recipient) else { throw .gone }
        do {
            if case .accounts(let accounts) = try await directory.find(address) { return accounts }
        } catch {
            throw .temporary("\(error)")
        }
        throw .gone
    }

    private func isLocal(_ address: MailAddress?) async -> Bool {
        guard let address, let found = try? await directory.find(address) else { return false }
        return found != .notLocal
    }
}
