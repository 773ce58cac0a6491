// SPDX-License-Identifier: Apache-2.0
import Accounts
import Logging
import MailStore
import SealedSQLite
import Synchronization
import TestSupport
import Testing

@testable import Filing

private final class Listeners: Sendable {
    let all = Mutex<[AsyncStream<Void>.Continuation]>([])
}

/// A store with a zero-access account; a process that delivers, and one that people log in to.
final class FilingWorld: Sendable {
    static let anna = "anna@example.org"

    let folder: TemporaryFolder
    let id: AccountID
    let directory: Directory
    let accounts: AccountDirectory
    let inbound: AccountDirectory
    let filing: ArrivalFiling
    let announced = AsyncStream.makeStream(of: Void.self)
    private let listeners = Listeners()

    init() async throws {
        folder = try TemporaryFolder()
        let (data, keys) = (folder.path, PurposeKeys(master: .random()))
        directory = try Directory.create(dataFolder: data, keys: keys)
        try await directory.addDomain("example.org", by: "test")
        let password = SecretBytes("correct horse".utf8)
        id = try await directory.addAccount(
            Self.anna, displayName: "", isAdministrator: false, password: password, filesIn: data + "/accounts",
            by: "test"
        ).id
        _ = try await directory.protect(Self.anna, password: password, filesIn: data + "/accounts", by: "test")
        func accounts(_ directory: Directory) -> AccountDirectory {
            AccountDirectory(
                root: data + "/accounts", arrivals: { try await directory.arrivals(of: $0) },
                keys: { try directory.fileKey(of: $0) })
        }
        self.accounts = accounts(directory)
        inbound = accounts(try Directory(dataFolder: data, keys: keys))
        let (announced, told) = (announced.continuation, listeners)
        filing = ArrivalFiling(
            directory: directory, accounts: self.accounts,
            changes: { _ in
                let stream = AsyncStream.makeStream(of: Void.self)
                told.all.withLock { $0.append(stream.continuation) }
                return stream.stream
            },
            announce: { _ in announced.yield() }, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    func announce() { listeners.all.withLock { $0.forEach { $0.yield() } } }

    func logIn() async throws -> KeyHold {
        let identity = try await directory.authenticate(login: Self.anna, password: SecretBytes("correct horse".utf8))
        return try #require(identity?.hold)
    }

    func deliver(_ subject: String) async throws {
        try await inbound.deliver(Array("Subject: \(subject)\r\n\r\n".utf8), to: id)
    }

    func count() async throws -> Int { try await accounts.store(for: id).select(.inbox).exists }

    /// Both services run until `body` is done.
    func withServices(_ body: () async throws -> Void) async throws {
        let closing = AccountClosing(directory: directory, accounts: accounts)
        let running = [Task { try await filing.run() }, Task { try await closing.run() }]
        defer { running.forEach { $0.cancel() } }
        try await body()
    }
}
