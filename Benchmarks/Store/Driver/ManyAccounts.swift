// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import MailStore
import SealedSQLite

/// Thousands of accounts behind one bounded pool of open files: memory, descriptors, and how long an operation takes.
struct ManyAccounts {
    let root: String
    let count: Int
    private let key = SealedKey.random()

    init(root: String, count: Int) {
        self.root = root
        self.count = count
    }

    func run() async throws {
        let accounts = (0..<count).map { _ in AccountID.random() }
        let making = AccountDirectory(root: root) { [key] in AccountFileKey($0, key) }
        print("before: \(Self.memory())")
        let creating = Usage()
        for (index, account) in accounts.enumerated() {
            let store = try await making.create(account)
            for number in 0..<3 { _ = try await store.deliver(Messages.message(index * 3 + number)) }
        }
        print("making \(count) accounts with 3 messages each: \(Int(creating.seconds)) s")
        await making.close()
        for limit in [64, 256, 1024] {
            let directory = AccountDirectory(root: root, limit: limit) { [key] in AccountFileKey($0, key) }
            var stores: [AccountStore] = []
            for account in accounts { stores.append(try await directory.store(for: account)) }
            print("limit \(limit):")
            // Every account in turn: each operation finds its file closed. Then a hundred that stay open.
            try await measure("  a random account", stores, limit: limit)
            try await measure("  one of 50", Array(stores.prefix(50)), limit: limit)
            print("  \(await directory.openFiles) files open; \(Self.memory())")
            await directory.close()
        }
    }

    private func measure(_ name: String, _ stores: [AccountStore], limit: Int) async throws {
        let total = 10_000
        let usage = Usage()
        let latencies = try await withThrowingTaskGroup(of: [Double].self) { group in
            for session in 0..<20 {
                group.addTask {
                    var dice = Dice(seed: UInt64(session + limit))
                    var latencies: [Double] = []
                    for _ in 0..<total / 20 {
                        let usage = Usage()
                        let inbox = try await stores[dice.below(stores.count)].select(.inbox)
                        guard inbox.exists == 3 else { throw Failure("\(inbox.exists) messages") }
                        latencies.append(usage.seconds)
                    }
                    return latencies
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }.sorted()
        }
        func ms(_ share: Double) -> String {
            "\((latencies[Int(Double(latencies.count - 1) * share)] * 100_000).rounded() / 100) ms"
        }
        print(
            "\(name), 20 sessions: median \(ms(0.5)), 99 of 100 \(ms(0.99)), longest \(ms(1));",
            "\(Int(Double(total) / usage.seconds)) SELECT/s, CPU \(Int(usage.cpuSeconds / Double(total) * 1e6)) µs each"
        )
    }

    private static func memory() -> String {
        let rollup = (try? String(contentsOfFile: "/proc/self/smaps_rollup", encoding: .utf8)) ?? ""
        let pss = rollup.split(separator: "\n").first { $0.hasPrefix("Pss:") }?.split(separator: " ").dropFirst().first
        let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
        return "\((pss.flatMap { Int($0) } ?? 0) / 1024) MB PSS, \(descriptors) descriptors"
    }
}
