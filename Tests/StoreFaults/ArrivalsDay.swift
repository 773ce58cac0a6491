// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import GRDB
import SealedSQLite

@testable import MailStore

/// The file of sealed arrivals of a zero-access account, and the account's own, into which they are filed.
final class ArrivalsDay: Day {
    static let name = "arrivals"
    static let sample = 8
    private static let account = AccountID.random()
    private static let fileKey = AccountFileKey(account, .random())
    private static let owner = try! ArrivalKey.random()
    private static let place = ArrivalsPlace.new(for: account, publicKey: owner.publicKey)

    /// For who has the account's key: filing changes nothing of it.
    struct State: Equatable {
        /// Those in INBOX, and behind them what waits and opens.
        var messages: [[UInt8]]
        var isCheckWished: Bool
    }

    private let root: String
    private var directory: AccountDirectory

    static func makeTemplate(in folder: String) async throws {
        let directory = directory(folder)
        try await directory.create(account)
        try await directory.createArrivals(place)
        directory.useArrivals(place.file)
        await directory.close()
    }

    init(in root: String) {
        self.root = root
        directory = Self.directory(root)
    }

    private static func directory(_ root: String) -> AccountDirectory {
        AccountDirectory(root: root, limit: 2, arrivals: { _ in place }, keys: { _ in fileKey })
    }

    private var arrivals: Arrivals { Arrivals(place: Self.place, directory: directory) }
    private var store: AccountStore { get async throws { try await directory.store(for: Self.account) } }

    func state() async throws -> State {
        let (store, arrivals) = (try await store, arrivals)
        var messages: [[UInt8]] = []
        for one in try await store.metadata(of: .all, in: store.mailbox(named: .inbox)) {
            messages.append(try await store.readAll(one.body))
        }
        // All that ever wait here are one batch.
        for arrival in try await arrivals.waiting(after: 0) {
            guard try await store.read({ try $0.delivery(of: arrival.deliveryKey) }) == nil else { continue }
            do { messages.append(try await arrivals.open(arrival, with: Self.owner).message) } catch is ArrivalSealError
            {}
        }
        return State(messages: messages, isCheckWished: try await arrivals.ownerCheck().wished != nil)
    }

    static func summary(_ state: State) -> String {
        "\(state.messages.map { "\(String(decoding: $0.prefix(40).filter { $0 > 31 }, as: UTF8.self)) \($0.count)" })"
            + (state.isCheckWished ? " wished" : "")
    }

    /// Those that were put aside are no damage here.
    func problems() async throws -> [String] {
        try await store.check().findings + arrivals.check().filter { !$0.contains("put aside") }
    }

    /// All that waits is filed.
    func goOn() async throws {
        try await deliver("afterwards", bytes: 300)
        let before = try await state()
        try await fileAll()
        let (after, left) = (try await state(), try await arrivals.state())
        guard after == before, left.waiting == 0, left.refused <= 1 else {
            throw Broken(description: "filing: \(Self.summary(before)), \(Self.summary(after)), left \(left)")
        }
        let inbox = try await store.select(.inbox).exists
        guard inbox == after.messages.count, try await arrivals.state().use.messages == inbox else {
            throw Broken(description: "\(inbox) of \(after.messages.count) messages are filed")
        }
    }

    func close() async { await directory.close() }

    private func reopen() async {
        await close()
        directory = Self.directory(root)
    }

    private func deliver(_ subject: String, bytes: Int) async throws {
        try await directory.deliver(
            Workload.message(subject, bytes: bytes), to: Self.account, deliveryKey: subject)
    }

    private func fileAll() async throws { _ = try await store.file(arrivals, with: Self.owner) }

    private static func deliver(_ subject: String, bytes: Int = 500) -> FaultStep<ArrivalsDay> {
        FaultStep(name: "deliver \(subject)") { try await $0.deliver(subject, bytes: bytes) }
    }

    /// By another connection, as of another process.
    private func checkpoint(_ mode: String) throws {
        let queue = try SealedDatabase.openQueue(
            path: ArrivalsFile.path(of: Self.place.file, in: root), key: Self.place.key,
            migrations: ArrivalsFile.migrations)
        defer { try? queue.close() }
        try queue.writeWithoutTransaction { _ = try Row.fetchAll($0, sql: "PRAGMA wal_checkpoint(\(mode))") }
    }

    private static let look = FaultStep<ArrivalsDay>(name: "look", opens: true) { _ = try await $0.state() }
    private static let file = FaultStep<ArrivalsDay>(name: "file") { try await $0.fileAll() }

    static let steps = [
        look,
        deliver("one"),
        deliver("two", bytes: 150_000),
        FaultStep(name: "deliver two again") { try await $0.deliver("two", bytes: 150_000) },
        FaultStep(name: "wish a check") { try await $0.arrivals.wishOwnerCheck() },
        FaultStep(name: "checkpoint") { try $0.checkpoint("PASSIVE") },
        file,
        deliver("three", bytes: 40_000),
        FaultStep(name: "note a check") { try await $0.arrivals.note(CheckReport()) },
        deliver("four"),
        // As who has the key of this file could.
        FaultStep(name: "spoil four") {
            try await $0.arrivals.write { db in
                try db.execute(
                    sql: """
                        UPDATE chunks SET data = zeroblob(length(data))
                        WHERE id >> 10 = (SELECT max(id) FROM arrivals WHERE size < 1000)
                        """)
            }
        },
        FaultStep(name: "empty the log") { try $0.checkpoint("TRUNCATE") },
        file,
        FaultStep(name: "start anew") { await $0.reopen() },
        look,
        deliver("five", bytes: 3_000),
        FaultStep(name: "tidy") { _ = try await $0.arrivals.tidy() },
        file,
        FaultStep(name: "stop") { await $0.reopen() },
    ]
}
