// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import Logging
import MailStore
import POP3Server
import SASLMechanisms
import SealedSQLite
import ServiceKit
import Synchronization
import TestSupport

/// One account, anna@example.org, in a store in a folder of its own.
final class World: POP3Backend {
    private let folder: TemporaryFolder
    let directory: AccountDirectory
    let account = AccountID.random()
    let announced = Mutex(0)

    init(messages: [String]) async throws {
        let key = SealedKey.random()
        folder = try TemporaryFolder()
        directory = AccountDirectory(root: folder.path, limit: 4) { _ in key }
        try await directory.create(account)
        for message in messages { try await deliver(message) }
    }

    func deliver(_ message: String) async throws {
        _ = try await directory.store(for: account).deliver(Array(message.utf8))
    }

    func login(_ credentials: SASLCredentials) async -> LoginOutcome {
        let isRight =
            credentials.login == "anna@example.org"
            && credentials.password.withBytes { Array($0) == Array("secret-1".utf8) }
        return isRight ? .account(account) : .wrong
    }

    func store(for account: AccountID) async throws(StoreError) -> AccountStore {
        try await directory.store(for: account)
    }
    func announce(_ account: AccountID) { announced.withLock { $0 += 1 } }

    /// What the server says to a client that sends these pieces, one after the other, and hangs up. The handshake of
    /// STLS succeeds; what came in one piece with it is not read.
    func talk(_ pieces: [String], isTLS: Bool = true) async throws -> String {
        let transport = Script(pieces, isTLS: isTLS)
        try await POP3Session(
            transport: transport, backend: self, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ).run()
        return String(decoding: transport.state.withLock { $0.written }, as: UTF8.self)
    }
}

final class Script: ByteTransport {
    struct State {
        var pieces: ArraySlice<[UInt8]>
        var written: [UInt8] = []
        var isTLS: Bool
    }

    let state: Mutex<State>

    init(_ pieces: [String], isTLS: Bool) {
        state = Mutex(State(pieces: pieces.map { Array($0.utf8) }[...], isTLS: isTLS))
    }

    var isTLS: Bool { state.withLock { $0.isTLS } }
    var canStartTLS: Bool { !isTLS }
    func read(seconds: Int64) async throws -> [UInt8]? { state.withLock { $0.pieces.popFirst() } }
    func write(_ bytes: [UInt8]) async throws { state.withLock { $0.written += bytes } }

    func startTLS(reply: [UInt8]) async throws {
        state.withLock { state in
            state.written += reply
            state.isTLS = true
        }
    }
}
