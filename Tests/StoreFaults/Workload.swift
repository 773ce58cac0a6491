// SPDX-License-Identifier: Apache-2.0
import Accounts
import GRDB
import MailStore
import SealedSQLite
import TestSupport

/// An account's file, and a day in its life: steps of one transaction each, so that each is there whole or not at all.
final class Workload: Day {
    typealias Step = FaultStep<Workload>

    static let name = "account"
    static let sample = 30
    private static let account = AccountID.random()
    private static let key = SealedKey.random()

    private let root: String
    private var directory: AccountDirectory

    /// As the first release made it.
    static func makeTemplate(in folder: String) async throws {
        try SealedDatabase.create(
            path: "\(folder)/\(account).db", key: key, migrations: Array(AccountFile.migrations.prefix(1)))
    }

    init(in root: String) {
        self.root = root
        directory = Self.directory(root, Self.key)
    }

    func state() async throws -> Contents { try await Contents(of: store) }
    func problems() async throws -> [String] { try await store.check(searchIndex: true).findings }
    func goOn() async throws { _ = try await store.deliver(Self.message("afterwards", bytes: 300)) }
    static func summary(_ state: Contents) -> String { state.summary }

    private static func directory(_ root: String, _ key: SealedKey) -> AccountDirectory {
        var limits = StoreLimits()
        // What is expunged can be freed in the next step.
        limits.bodyGraceSeconds = -2
        return AccountDirectory(root: root, limit: 2, limits: limits) { AccountFileKey($0, key) }
    }

    private var path: String { "\(root)/\(Self.account).db" }
    var store: AccountStore { get async throws { try await directory.store(for: Self.account) } }

    func close() async { await directory.close() }

    /// As a service that was started anew.
    func reopen() async {
        await close()
        directory = Self.directory(root, Self.key)
    }

    func mailbox(_ name: String) async throws -> MailboxID { try await store.mailbox(named: MailboxName(name)) }

    /// By another connection, as of another process.
    private func checkpoint(_ mode: String) throws {
        let queue = try SealedDatabase.openQueue(path: path, key: Self.key, migrations: AccountFile.migrations)
        defer { try? queue.close() }
        try queue.writeWithoutTransaction { db in
            _ = try Row.fetchAll(db, sql: "PRAGMA wal_checkpoint(\(mode))")
        }
    }

    static func message(_ subject: String, bytes: Int) -> [UInt8] {
        let line = "\(subject) lies here in lines of some words, as they are.\r\n"
        let text = String(repeating: line, count: max(1, bytes / line.utf8.count))
        return Array("From: anna@example.org\r\nSubject: \(subject)\r\n\r\n\(text)".utf8)
    }

    private static func deliver(_ subject: String, bytes: Int = 500, opens: Bool = false) -> Step {
        Step(name: "deliver \(subject)", opens: opens) {
            _ = try await $0.store.deliver(message(subject, bytes: bytes), deliveryKey: subject)
        }
    }

    private static func setFlags(_ name: String, _ change: FlagChange, of uids: UIDSet, in mailbox: String) -> Step {
        Step(name: name) {
            _ = try await $0.store.setFlags(change, of: uids, in: $0.mailbox(mailbox))
        }
    }

    /// The file that they start with is of the first schema: the first step is its migration.
    static let steps = [
        Step(name: "open", opens: true) { _ = try await $0.store.list() },
        deliver("one"),
        deliver("two", bytes: 40_000),
        Step(name: "index") { _ = try await $0.store.indexTexts() },
        setFlags("read one", .add(MessageFlags(.seen)), of: [1], in: "INBOX"),
        setFlags("label both", .add(MessageFlags(keywords: ["$label"])), of: [1, 2], in: "INBOX"),
        Step(name: "create") { try await $0.store.create(MailboxName("work/deep")) },
        Step(name: "checkpoint") { try $0.checkpoint("PASSIVE") },
        Step(name: "copy") {
            _ = try await $0.store.copy([1, 2], from: $0.mailbox("INBOX"), to: MailboxName("work/deep"))
        },
        Step(name: "move") {
            _ = try await $0.store.move([2], from: $0.mailbox("INBOX"), to: MailboxName("Archive"))
        },
        Step(name: "rename") { try await $0.store.rename(MailboxName("work"), to: MailboxName("job")) },
        setFlags("delete one", .add(MessageFlags(.deleted)), of: [1], in: "INBOX"),
        Step(name: "expunge") { _ = try await $0.store.expungeDeleted(in: $0.mailbox("INBOX")) },
        Step(name: "start anew") { await $0.reopen() },
        deliver("three", opens: true),
        Step(name: "delete a mailbox") { try await $0.store.delete(MailboxName("job/deep")) },
        Step(name: "subscribe") { try await $0.store.subscribe(MailboxName("elsewhere")) },
        Step(name: "tidy") { _ = try await $0.store.tidy() },
        deliver("four", bytes: 150_000),
        Step(name: "empty the log") { try $0.checkpoint("TRUNCATE") },
        Step(name: "expunge all") { _ = try await $0.store.expunge(.all, in: $0.mailbox("INBOX")) },
        Step(name: "tidy again") { _ = try await $0.store.tidy() },
        deliver("five"),
        Step(name: "stop") { await $0.reopen() },
    ]
}
