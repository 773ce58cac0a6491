// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import OutgoingQueue
import SealedSQLite

/// The spool, from a message's coming to its going.
final class SpoolDay: Day {
    static let name = "spool"
    static let sample = 20
    private static let key = SealedKey.random()

    /// What waits: with the message's bytes, without attempts and times, of which a try that failed makes more.
    struct State: Equatable {
        struct Delivery: Equatable {
            let recipient, kind: String
            let held: Bool
            let content: [UInt8]
        }

        let deliveries: [Delivery]
    }

    /// Moved by hand: leases run out without waiting.
    private final class Clock: @unchecked Sendable {
        // Steps run one after the other.
        var time = Date(timeIntervalSince1970: 1_800_000_000)
    }

    private let path: String
    private let clock = Clock()
    private var pool: SealedPool?
    private var batch: Batch?

    static func makeTemplate(in folder: String) async throws {
        try SealedDatabase.create(path: folder + "/spool.db", key: key, migrations: [])
    }

    init(in folder: String) { path = folder + "/spool.db" }

    private func queue() throws -> OutgoingQueue {
        let pool =
            try self.pool ?? SealedPool(path: path, key: Self.key, migrations: OutgoingQueue.migrations)
        self.pool = pool
        return OutgoingQueue(database: pool, now: { [clock] in clock.time })
    }

    func state() async throws -> State {
        let queue = try queue()
        var deliveries: [State.Delivery] = []
        for delivery in try await queue.list() {
            deliveries.append(
                State.Delivery(
                    recipient: delivery.recipient, kind: delivery.kind, held: delivery.held,
                    content: try await queue.content(of: delivery.message)))
        }
        return State(deliveries: deliveries)
    }

    func problems() async throws -> [String] {
        _ = try queue()
        return try await pool?.read { try $0.integrityProblems() } ?? []
    }

    func goOn() async throws { try await queue().enqueue(Self.message("afterwards", to: ["z@z.example"])) }

    func close() async {
        try? pool?.close()
        pool = nil
    }

    static func summary(_ state: State) -> String {
        state.deliveries.map { "\($0.recipient):\($0.kind):\($0.held):\($0.content.count)" }.joined(separator: ",")
    }

    private static func message(_ text: String, bytes: Int = 500, to recipients: [String]) -> NewMessage {
        NewMessage(
            reversePath: "anna@example.org",
            recipients: recipients.map {
                NewDelivery(recipient: $0, route: .remote(domain: String($0.split(separator: "@")[1])))
            }, content: Workload.message(text, bytes: bytes))
    }

    /// What is due; taken again when the lease that a failed try had got has run out.
    private func take() async throws {
        if let batch = try await queue().take(.remote, owner: "worker") {
            self.batch = batch
            return
        }
        clock.time += Double(QueueLimits.leaseSeconds + 1)
        batch = try await queue().take(.remote, owner: "worker")
    }

    private func finish(_ outcome: AttemptResult.Outcome, notice: NewMessage? = nil) async throws {
        guard let batch else { return }
        let result = AttemptResult(outcome, host: "mx", status: "0.0.0", reply: "its words")
        try await queue().finish(
            batch, results: Dictionary(uniqueKeysWithValues: batch.deliveries.map { ($0.id, result) }),
            notice: { _ in notice })
        self.batch = nil
    }

    static let steps = [
        FaultStep<SpoolDay>(name: "open", opens: true) { _ = try await $0.queue().depth() },
        FaultStep(name: "enqueue one") { try await $0.queue().enqueue(message("one", to: ["a@a.example"])) },
        FaultStep(name: "enqueue a large one for three") {
            try await $0.queue().enqueue(
                message("two", bytes: 150_000, to: ["b@b.example", "c@b.example", "d@d.example"]))
        },
        FaultStep(name: "take") { try await $0.take() },
        FaultStep(name: "renew") { if let batch = $0.batch { _ = try await $0.queue().renew(batch) } },
        FaultStep(name: "delivered") { try await $0.finish(.delivered) },
        FaultStep(name: "take the next") { try await $0.take() },
        FaultStep(name: "failed, which is told") {
            try await $0.finish(
                .failed,
                notice: NewMessage(
                    reversePath: "",
                    recipients: [NewDelivery(recipient: "anna@example.org", route: .local(account: nil))],
                    content: Workload.message("told", bytes: 400)))
        },
        FaultStep(name: "take the last") { try await $0.take() },
        FaultStep(name: "deferred") { try await $0.finish(.deferred) },
        FaultStep(name: "empty the log") { day in
            _ = try day.queue()
            let other = try SealedDatabase.openQueue(path: day.path, key: key, migrations: OutgoingQueue.migrations)
            try await other.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
            try other.close()
        },
        FaultStep(name: "hold") { day in
            _ = try await day.queue().hold(try await day.queue().list().map(\.id))
        },
        FaultStep(name: "start anew") { await $0.close() },
        FaultStep(name: "enqueue more", opens: true) {
            try await $0.queue().enqueue(message("three", bytes: 70_000, to: ["e@e.example"]))
        },
        FaultStep(name: "retry") { _ = try await $0.queue().retry() },
        FaultStep(name: "remove") { day in
            guard let first = try await day.queue().list().first(where: { $0.kind == "remote" }) else { return }
            _ = try await day.queue().remove([first.id])
        },
    ]
}
