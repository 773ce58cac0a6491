// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import GRDB
import MailStore
import SealedSQLite

/// An account with a million messages: what opening it, SELECT and a delivery cost there, beside an empty one.
///
/// Filling it takes most of an hour, so an account that an earlier run left in the folder is measured again.
struct LargeAccount {
    let root: String
    let count: Int
    private let key = SealedKey([UInt8](0..<32))!
    private let large = AccountID("11111111111111111111111111111111")!

    func run() async throws {
        let empty = AccountID.random()
        let making = directory()
        if !FileManager.default.fileExists(atPath: "\(root)/filled") {
            try await fill(making.create(large))
            while try await making.store(for: large).tidy() {}
            try Data().write(to: URL(filePath: "\(root)/filled"))
        }
        try await making.create(empty)
        await making.close()

        for round in 1...5 {
            let (opening, directory) = (Usage(), directory())
            let store = try await directory.store(for: large)
            _ = try await store.status(of: .inbox)
            let opened = opening.seconds
            var selecting = Usage()
            let first = try await store.select(.inbox, claimingRecent: true).exists
            let (cold, coldCPU) = (selecting.seconds, selecting.cpuSeconds)
            selecting = Usage()
            let second = try await store.select(.inbox, claimingRecent: true).exists
            guard first >= count, second == first else { throw Failure("\(first), then \(second) messages") }
            print(
                "round \(round): open \(ms(opened)), SELECT \(ms(cold)) (CPU \(ms(coldCPU))),",
                "again \(ms(selecting.seconds)) (CPU \(ms(selecting.cpuSeconds)))")
            let other = try await directory.store(for: empty)
            for (name, writers) in [("1 writer", 1), ("10 writers", 10)] {
                // In turns, so that both see the same moods of the disk.
                var totals = [0.0, 0.0]
                var cpu = [0.0, 0.0]
                for turn in 0..<10 {
                    for (index, store) in [store, other].enumerated() {
                        let messages = (0..<40).map { Messages.message(((round * 10 + turn) * 40 + $0) * 10 + 1) }
                        let usage = Usage()
                        try await deliver(messages, writers: writers, to: store)
                        totals[index] += usage.seconds
                        cpu[index] += usage.cpuSeconds
                    }
                }
                print(
                    "  a delivery, \(name): \(ms(totals[0] / 400)) here, \(ms(totals[1] / 400)) in an empty account;",
                    "CPU \(ms(cpu[0] / 400)) and \(ms(cpu[1] / 400))")
            }
            while try await store.tidy() {}
            await directory.close()
        }
    }

    private func directory() -> AccountDirectory { AccountDirectory(root: root) { [key] in AccountFileKey($0, key) } }
    private func ms(_ seconds: Double) -> String { "\((seconds * 100_000).rounded() / 100) ms" }

    private func deliver(_ messages: [[UInt8]], writers: Int, to store: AccountStore) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<writers {
                group.addTask {
                    for index in stride(from: writer, to: messages.count, by: writers) {
                        _ = try await store.deliver(messages[index])
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Small messages, straight into the tables and thousands in a transaction. Every row that a delivery writes is there.
    private func fill(_ store: AccountStore) async throws {
        let inbox = try await store.mailbox(named: .inbox)
        let usage = Usage()
        var done = 0
        while done < count {
            let (first, last) = (done + 1, min(done + 5000, count))
            try await store.write { db in try Self.insert(db, first...last, inbox) }
            done = last
            if done % 50_000 == 0 { print("\(done) messages after \(Int(usage.seconds)) s") }
        }
    }

    private static func insert(_ db: Database, _ numbers: ClosedRange<Int>, _ inbox: MailboxID) throws {
        let body = try db.cachedStatement(
            sql: "INSERT INTO bodies (id, size, header_size, lead, chunk, structure) VALUES (?, ?, ?, ?, 131072, ?)")
        let chunk = try db.cachedStatement(sql: "INSERT INTO chunks (id, data) VALUES (?, ?)")
        let text = try db.cachedStatement(
            sql: "INSERT INTO texts (body, header, content, complete) VALUES (?, ?, ?, 1)")
        let message = try db.cachedStatement(
            sql: """
                INSERT INTO messages (id, mailbox, body, modseq, flags, size, internal_date, zone)
                VALUES (?, ?, ?, ?, ?, ?, 1700000000, 0)
                """)
        let modseq = try Int64.fetchOne(db, sql: "SELECT modseq FROM account") ?? 1
        let structure = Data(repeating: 0, count: 200)
        for number in numbers {
            var dice = Dice(seed: UInt64(number))
            let subject = "\(Messages.word(&dice)) \(Messages.word(&dice))"
            let header = "From: \(Messages.word(&dice))@example.net\r\nSubject: \(subject)\r\n\r\n"
            let lines = Messages.text(&dice, bytes: 300)
            let bytes = Data((header + lines.joined(separator: "\r\n")).utf8)
            let id = Int64(number)
            try body.execute(arguments: [id, bytes.count, header.utf8.count, bytes.count, structure])
            try chunk.execute(arguments: [id << 12, bytes])
            try text.execute(arguments: [id, "subject: \(subject)", lines.joined(separator: " ")])
            try message.execute(arguments: [
                inbox.rawValue << 32 | id, inbox.rawValue, id, modseq + id - Int64(numbers.lowerBound) + 1,
                dice.below(3) == 0 ? 0 : 1, bytes.count,
            ])
        }
        try db.execute(
            sql: "UPDATE account SET modseq = modseq + ?", arguments: [numbers.count])
        try db.execute(
            sql: "UPDATE mailboxes SET uid_next = ?, modseq = (SELECT modseq FROM account) WHERE id = ?",
            arguments: [numbers.upperBound + 1, inbox.rawValue])
    }
}
