// SPDX-License-Identifier: Apache-2.0
import Accounts
import GRDBSQLite
import MailStore
import SealedSQLite

/// The store as the services use it; encrypted, or the same code on plain SQLite.
final class StoreSubject: Subject {
    private let root: String
    private let account: AccountID
    private let key = SealedKey.random()
    private var directory: AccountDirectory
    private(set) var store: AccountStore
    private var archived = 0

    static let archive = try! MailboxName("Archive")

    init(root: String) async throws {
        self.root = root
        account = AccountID.random()
        directory = AccountDirectory(root: root) { [key] in AccountFileKey($0, key) }
        store = try await directory.create(account)
    }

    var path: String { "\(root)/\(account).db" }

    /// From here on this process opens plain files: SQLite's own VFS is made the default again, in front of ours.
    static func usePlainFiles() throws {
        try SealedDatabase.register()
        guard sqlite3_vfs_register(sqlite3_vfs_find("unix"), 1) == SQLITE_OK else { throw Failure("no plain VFS") }
        // What our VFS sees to for new files.
        typealias EntryPoint =
            @convention(c) (OpaquePointer?, UnsafePointer<UnsafeMutablePointer<CChar>?>?, OpaquePointer?) -> Int32
        let incremental: EntryPoint = { connection, _, _ in
            var pages: OpaquePointer?
            sqlite3_prepare_v2(connection, "PRAGMA page_count", -1, &pages, nil)
            let isNew = sqlite3_step(pages) == SQLITE_ROW && sqlite3_column_int(pages, 0) == 0
            sqlite3_finalize(pages)
            return isNew ? sqlite3_exec(connection, "PRAGMA auto_vacuum = INCREMENTAL", nil, nil, nil) : SQLITE_OK
        }
        sqlite3_auto_extension(unsafeBitCast(incremental, to: (@convention(c) () -> Void).self))
    }

    func deliver(_ messages: [[UInt8]], from first: Int, writers: Int) async throws {
        let store = store
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<writers {
                group.addTask {
                    for index in stride(from: writer, to: messages.count, by: writers) {
                        _ = try await store.deliver(messages[index], deliveryKey: "benchmark \(first + index)")
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    func index() async throws { while try await store.indexTexts() {} }

    func headers(_ uids: ClosedRange<Int>) async throws {
        let inbox = try await store.mailbox(named: .inbox)
        for step in uids.steps(of: 100) {
            let found = try await store.metadata(of: UIDSet(step.uids), in: inbox, with: [.header, .structure])
            guard found.count == step.count else { throw Failure("\(found.count) headers for \(step.count)") }
        }
    }

    func bodies(_ uids: [Int]) async throws {
        let inbox = try await store.mailbox(named: .inbox)
        for uid in uids {
            let found = try await store.metadata(of: [UInt32(uid)], in: inbox)
            guard let message = found.first, try await store.readAll(message.body).count == message.size else {
                throw Failure("message \(uid) is not whole")
            }
        }
    }

    func flags(_ uids: [Int]) async throws {
        let inbox = try await store.mailbox(named: .inbox)
        for (index, uid) in uids.enumerated() {
            let flags = MessageFlags(.seen)
            _ = try await store.setFlags(index % 2 == 0 ? .add(flags) : .remove(flags), of: [UInt32(uid)], in: inbox)
        }
    }

    func search(_ words: [String]) async throws -> Int {
        let inbox = try await store.mailbox(named: .inbox)
        var found = 0
        for word in words { found += try await store.search(.text(word), in: inbox).uids.count }
        return found
    }

    func copy(_ uids: ClosedRange<Int>) async throws {
        let inbox = try await store.mailbox(named: .inbox)
        for step in uids.steps(of: 10) {
            let copied = try await store.copy(UIDSet(step.uids), from: inbox, to: Self.archive)
            guard copied.source.count == step.count else { throw Failure("copied \(copied.source.count)") }
        }
    }

    func expunge(_ count: Int) async throws {
        let archive = try await store.mailbox(named: Self.archive)
        for step in (archived + 1...archived + count).steps(of: 10) {
            let gone = try await store.expunge(UIDSet(step.uids), in: archive)
            guard gone.uids.count == step.count else { throw Failure("expunged \(gone.uids.count)") }
        }
        archived += count
    }

    func open() async throws -> Int {
        await directory.close()
        directory = AccountDirectory(root: root) { [key] in AccountFileKey($0, key) }
        store = try await directory.store(for: account)
        return try await store.select(.inbox).exists
    }

    func close() async { await directory.close() }
}

extension ClosedRange<Int> {
    fileprivate var uids: ClosedRange<UInt32> { UInt32(lowerBound)...UInt32(upperBound) }
}
