// SPDX-License-Identifier: Apache-2.0

import Logging
import MailFormat
import Metrics
import OutgoingQueue
import ServiceLifecycle
import Synchronization

/// Works off the spool's remote rows: takes what is due by compare-and-set, delivers several batches at once, commits
/// the result of each recipient, with the notification that it calls for, in one transaction.
///
/// Woken by the stream, and by itself each minute. On shutdown it takes nothing more and finishes what it has.
package final class OutboundWorker: Service {
    private let queue: OutgoingQueue
    private let delivery: BatchDelivery
    private let hostname: String
    private let isLocal: @Sendable (_ domain: String) async -> Bool
    private let wakeUps: AsyncStream<Void>
    private let now: @Sendable () -> Int64
    private let logger: Logger
    private let owner: String
    private let busy = Mutex<[String: Int]>([:])
    private let large = Gate()

    /// - Parameters:
    ///   - isLocal: whether a domain is one of ours; notifications to it need no other server.
    ///   - wakeUps: "something may be due".
    ///   - now: seconds since 1970.
    package init(
        queue: OutgoingQueue, delivery: BatchDelivery, hostname: String,
        isLocal: @escaping @Sendable (_ domain: String) async -> Bool, wakeUps: AsyncStream<Void>,
        now: @escaping @Sendable () -> Int64, logger: Logger
    ) {
        self.queue = queue
        self.delivery = delivery
        self.hostname = hostname
        self.isLocal = isLocal
        self.wakeUps = wakeUps
        self.now = now
        self.logger = logger
        owner = "smtp-outbound-" + String(UInt64.random(in: .min ... .max), radix: 16)
    }

    package func run() async {
        let due = WorkSignals()
        await withDiscardingTaskGroup { group in
            group.addTask { [wakeUps] in
                await cancelWhenGracefulShutdown { await due.feed(wakeUps, every: ClientLimits.sweepSeconds) }
            }
            group.addTask { await self.work(due) }
        }
    }

    private func work(_ due: WorkSignals) async {
        await withDiscardingTaskGroup { group in
            for await _ in due.signals {
                while let batch = await take() {
                    group.addTask {
                        await self.process(batch)
                        self.release(batch.domain)
                        due.signal()
                    }
                    if Task.isCancelled || Task.isShuttingDownGracefully { break }
                }
            }
        }
    }

    /// Takes and delivers one batch; false when nothing is due.
    package func workOnce() async -> Bool {
        guard let batch = await take() else { return false }
        await process(batch)
        release(batch.domain)
        return true
    }

    /// Nil when nothing is due, or enough is in work.
    private func take() async -> Batch? {
        let (all, full) = busy.withLock { busy in
            (busy.values.reduce(0, +), Set(busy.filter { $0.value >= ClientLimits.batchesPerDomain }.keys))
        }
        guard all < ClientLimits.batches else { return nil }
        do {
            guard let batch = try await queue.take(.remote, owner: owner, excluding: full) else { return nil }
            busy.withLock { $0[batch.domain, default: 0] += 1 }
            return batch
        } catch {
            logger.error("the spool cannot be read", metadata: ["error": "\(error)"])
            return nil
        }
    }

    private func release(_ domain: String) {
        busy.withLock { busy in
            let count = busy[domain, default: 1] - 1
            busy[domain] = count > 0 ? count : nil
        }
    }

    private func process(_ batch: Batch) async {
        var logger = logger
        logger[metadataKey: "message"] = "\(batch.message)"
        logger[metadataKey: "domain"] = "\(batch.domain)"
        if batch.size >= ClientLimits.largeMessage { await large.enter() }
        do {
            let content = try await queue.content(of: batch.message)
            let results = await held(batch) { lease in
                await self.delivery.attempt(batch, content: content) { await lease.isHeld() }
            }
            try await commit(batch, results, content: content, logger: logger)
        } catch {
            // The lease runs out and the batch is taken again.
            logger.error("a delivery was left for later", metadata: ["error": "\(error)"])
        }
        if batch.size >= ClientLimits.largeMessage { await large.leave() }
    }

    /// Renews the lease beside the work; a lost one cancels the work.
    private func held(
        _ batch: Batch, work: @escaping @Sendable (Lease) async -> [Int64: AttemptResult]
    ) async -> [Int64: AttemptResult] {
        let lease = Lease(queue: queue, batch: batch)
        return await withTaskGroup(of: [Int64: AttemptResult]?.self) { group in
            group.addTask { await work(lease) }
            group.addTask {
                while true {
                    do { try await Task.sleep(for: .seconds(ClientLimits.renewSeconds)) } catch { return nil }
                    if !(await lease.isHeld()) { return nil }
                }
            }
            var results: [Int64: AttemptResult] = [:]
            for await result in group {
                if let result { results = result }
                group.cancelAll()
            }
            return results
        }
    }

    private func commit(
        _ batch: Batch, _ results: [Int64: AttemptResult], content: [UInt8], logger: Logger
    ) async throws {
        let sender = MailAddress(parsing: batch.reversePath)
        let isLocal = if let sender { await self.isLocal(sender.domain) } else { false }
        let notice = sender.map {
            DeliveryNotice(
                hostname: hostname, sender: $0, isLocal: isLocal, original: content, arrived: batch.created / 1000,
                now: now())
        }
        try await queue.finish(batch, results: results) { settled in notice?.message(about: settled) }
        for delivery in batch.deliveries {
            let result = results[delivery.id]
            let outcome = result.map { "\($0.outcome)" } ?? "given back"
            Counter(label: "mailkeep_outbound_deliveries_total", dimensions: [("outcome", outcome)]).increment()
            logger.info(
                "delivery",
                metadata: [
                    "delivery": "\(delivery.id)", "outcome": "\(outcome)", "attempt": "\(delivery.attempt)",
                    "server": "\(result?.host ?? "")", "status": "\(result?.status ?? "")",
                    "reply": "\(result?.reply.prefix(200) ?? "")",
                ])
        }
    }
}

/// A batch's lease.
private struct Lease: Sendable {
    let queue: OutgoingQueue
    let batch: Batch

    /// Renews it. False when it is lost, or when nobody can tell.
    func isHeld() async -> Bool { (try? await queue.renew(batch)) ?? false }
}

/// Lets one in at a time, in the order of coming.
private actor Gate {
    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func enter() async {
        guard isTaken else {
            isTaken = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    func leave() {
        if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
    }
}
