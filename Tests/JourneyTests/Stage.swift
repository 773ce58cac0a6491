// SPDX-License-Identifier: Apache-2.0
import Accounts
import DNSClient
import IMAPServer
import Logging
import Logins
import MailAuthentication
import MailFlow
import MailStore
import OutgoingQueue
import RedisStreams
import SASLMechanisms
import SMTPServer
import SealedSQLite
import ServiceKit
import Synchronization
import TestSupport

/// What SMTPInbound and MailAccess assemble, in one process and without sockets: example.org with Anna, on real files
/// in a folder of its own. The DNS is a table, and there is no Redis.
final class Stage: Sendable {
    static let password = "correct horse battery"

    private let folder: TemporaryFolder
    let directory: Directory
    let accounts: AccountDirectory
    let queue: OutgoingQueue
    let anna: AccountID
    private let resolver: TableResolver
    private let logger = Logger(label: "journey") { _ in SwiftLogNoOpLogHandler() }
    private let changed = Announced()

    init(dns: [String: [TableResolver.Entry]]) async throws {
        folder = try TemporaryFolder()
        resolver = TableResolver(dns)
        let keys = PurposeKeys(master: .random())
        let directory = try Directory.create(dataFolder: folder.path, keys: keys)
        self.directory = directory
        let accounts = AccountDirectory(
            root: folder.file("accounts"), quota: { try await directory.quota(of: $0) },
            keys: { try directory.fileKey(of: $0) })
        self.accounts = accounts
        try StoreFile.spool.create(in: folder.path, keys: keys, migrations: OutgoingQueue.migrations)
        queue = OutgoingQueue(
            database: try StoreFile.spool.open(in: folder.path, keys: keys, migrations: OutgoingQueue.migrations))
        _ = try await directory.addDomain("example.org", by: "test")
        anna = try await directory.addAccount(
            "anna@example.org", password: SecretBytes(Self.password.utf8), by: "test",
            makeFile: { [root = folder.file("accounts")] id, key in
                let files = AccountDirectory(root: root, limit: 1) { _ in key }
                try await files.create(id)
                await files.close()
            }
        ).id
    }

    var announced: [AccountID] { changed.accounts.withLock { $0 } }

    /// The worker on the spool's rows for accounts here.
    func localDeliveries() -> LocalDeliveries {
        LocalDeliveries(
            hostname: "mx.example.org", directory: directory, drop: accounts, queue: queue, announcer: changed,
            logger: logger, now: MailDate.now)
    }

    /// What the server answers to a client at `address` that says all this.
    func smtp(from address: String, _ lines: [String]) async -> String {
        let flow = AcceptMessage(
            hostname: "mx.example.org", directory: directory, drop: accounts, queue: queue,
            judge: MessageAuthenticator(hostname: "mx.example.org", resolver: resolver), announcer: changed,
            logger: logger,
            now: MailDate.now)
        let redis = RedisClient(host: nil, port: 0, password: nil, logger: logger)
        let counters = Counters(client: redis, hash: KeyedHash(secret: nil))
        let backend = MailFlowBackend(
            clientAddress: address, directory: directory, logins: Logins(directory: directory, counters: counters),
            flow: flow, logger: logger)
        let session = Session(
            hostname: "mx.example.org", role: .exchange, isTLS: false, limits: SessionLimits(),
            memory: MessageMemory(limit: 1 << 20))
        var conversation = Conversation(session: session, backend: backend)
        var output = await conversation.begin().output
        for line in lines { output += await conversation.receive(Array((line + "\r\n").utf8)).output }
        return String(decoding: output, as: UTF8.self)
    }

    /// What the server answers to a client that says all this under TLS and hangs up.
    func imap(_ lines: [String]) async throws -> String {
        let wire = Wire(lines)
        try await IMAPSession(
            transport: wire, backend: Mailboxes(stage: self), memory: MessageMemory(limit: 1 << 20), logger: logger
        ).run()
        return wire.answers
    }

    private struct Mailboxes: IMAPBackend {
        let stage: Stage

        func login(_ credentials: SASLCredentials) async -> LoginOutcome {
            let password = credentials.password.withBytes { SecretBytes($0) }
            guard let identity = try? await stage.directory.authenticate(login: credentials.login, password: password)
            else {
                return .wrong
            }
            return .account(identity.id, hold: identity.hold)
        }

        func store(for account: AccountID) async throws(StoreError) -> AccountStore {
            try await stage.accounts.store(for: account)
        }
        func announce(_ account: AccountID) { stage.changed.changed(account) }
        func waitForChange(of account: AccountID, seconds: Int64) async {}
    }
}

private final class Announced: Announcer {
    let accounts = Mutex<[AccountID]>([])
    func changed(_ account: AccountID) { accounts.withLock { $0.append(account) } }
}

/// A connection that brings some lines and ends.
private final class Wire: ByteTransport {
    private let lines: Mutex<ArraySlice<String>>
    private let output = Mutex<[UInt8]>([])

    init(_ lines: [String]) { self.lines = Mutex(lines[...]) }

    let isTLS = true
    let canStartTLS = false
    var answers: String { String(decoding: output.withLock { $0 }, as: UTF8.self) }

    func read(seconds: Int64) async throws -> [UInt8]? {
        lines.withLock { $0.popFirst() }.map { Array(($0 + "\r\n").utf8) }
    }
    func write(_ bytes: [UInt8]) async throws { output.withLock { $0 += bytes } }
    func startTLS(reply: [UInt8]) async throws { throw ConnectionError.noCertificate }
}
