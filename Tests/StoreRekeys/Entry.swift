// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import MailStore
import Synchronization

/// One of the processes that use an account while its file gets new keys:
///
///     StoreRekeys write DATA KEYS ACCOUNT NAME    delivers numbered messages, prints each number once it is acknowledged
///     StoreRekeys read DATA KEYS ACCOUNT          reads INBOX again and again, leaves with 1 when something is not as it was
///     StoreRekeys rekey DATA KEYS ACCOUNT [STEP]  gives the file a new key; dies by SIGKILL when it comes to that step
///     StoreRekeys rekey-own DATA KEYS ADDRESS PASSWORD [STEP]  the same of a zero-access account
///
/// The first two go on until standard input ends.
@main
struct Entry {
    struct Broken: Error { let description: String }

    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 5 else { fatalError("see the source") }
        let directory = try Directory(dataFolder: arguments[2], keys: PurposeKeys(folder: arguments[3]))
        let root = arguments[2] + "/accounts"
        if arguments[1] == "rekey-own" {
            let (address, password) = (arguments[4], SecretBytes(arguments[5].utf8))
            return try await rekey(dyingAt: arguments.dropFirst(6).first) {
                try await directory.rekey(address, password: password, filesIn: root, by: "test", tell: $0)
            }
        }
        guard let account = AccountID(arguments[4]) else { fatalError("see the source") }
        if arguments[1] == "rekey" {
            return try await rekey(dyingAt: arguments.dropFirst(5).first) {
                try await directory.rekey(account, filesIn: root, by: "test", tell: $0)
            }
        }
        let files = AccountDirectory(root: root, limit: 1) { try directory.fileKey(of: $0) }
        let store = try await files.store(for: account)
        if arguments[1] == "write" { try await write(store, arguments[5]) } else { try await read(store) }
        await files.close()
    }

    private static func rekey(
        dyingAt step: String?, _ run: @Sendable (@escaping @Sendable (RekeyStep) throws -> Void) async throws -> Void
    ) async throws {
        while true {
            do {
                return try await run { if let step, "\($0)".hasPrefix(step) { kill(getpid(), SIGKILL) } }
            } catch RekeyError.busy {
                // The machine is; as the message says, it is tried again.
            }
        }
    }

    /// Standard input has ended.
    private static let isOver = Atomic(false)

    private static func watch() {
        Thread.detachNewThread {
            while readLine() != nil {}
            isOver.store(true, ordering: .relaxed)
        }
    }

    static func text(_ name: String, _ number: Int) -> [UInt8] {
        Array(
            "Subject: \(name) \(number)\r\n\r\n\(String(repeating: "\(name) \(number)\r\n", count: number % 3_000))"
                .utf8)
    }

    private static func write(_ store: AccountStore, _ name: String) async throws {
        watch()
        var number = 1
        while !isOver.load(ordering: .relaxed) {
            // As the spool does: what was not acknowledged is tried again, under the same key.
            do { _ = try await store.deliver(text(name, number), deliveryKey: "\(name)-\(number)") } catch {
                guard error.isTemporary else { throw error }
                continue
            }
            try FileHandle.standardOutput.write(contentsOf: Data("\(number)\n".utf8))
            number += 1
        }
    }

    private static func read(_ store: AccountStore) async throws {
        watch()
        var (rounds, most) = (0, UInt32(0))
        while !isOver.load(ordering: .relaxed) {
            do { try await look(store, &most) } catch StoreError.busy { continue }
            rounds += 1
        }
        print(rounds)
    }

    private static func look(_ store: AccountStore, _ most: inout UInt32) async throws {
        let inbox = try await store.select(.inbox)
        let uids = inbox.messages.uids
        guard uids == Array(1..<(UInt32(uids.count) + 1)), UInt32(uids.count) >= most else {
            throw Broken(description: "\(uids.count) messages, \(most) before, last \(uids.last ?? 0)")
        }
        most = UInt32(uids.count)
        if let uid = uids.randomElement(), let found = try await store.metadata(of: [uid], in: inbox.id).first {
            let bytes = try await store.readAll(found.body)
            let words = String(decoding: bytes.prefix { $0 != 0x0D }, as: UTF8.self).split(separator: " ")
            guard words.count == 3, let number = Int(words[2]), bytes == text(String(words[1]), number) else {
                throw Broken(description: "message \(uid) is another")
            }
        }
    }
}
