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
        directory = AccountDirectory(root: folder.path, limit: 4) { AccountFileKey($0, key) }
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
    /// STLS succeeds; what came in one piece with it is not read. `meanwhile` runs before each piece, counted from 0.
    func talk(
        _ pieces: [String], isTLS: Bool = true, meanwhile: @escaping @Sendable (Int) async throws -> Void = { _ in }
    ) async throws -> String {
        let transport = Script(pieces, isTLS: isTLS, meanwhile: meanwhile)
        try await POP3Session(
            transport: transport, backend: self, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ).run()
        return String(decoding: transport.state.withLock { $0.written }, as: UTF8.self)
    }
}

final class Script: ByteTransport {
    struct State {
        let pieces: [[UInt8]]
        var next = 0
        var written: [UInt8] = []
        var isTLS: Bool
    }

    let state: Mutex<State>
    private let meanwhile: @Sendable (Int) async throws -> Void

    init(_ pieces: [String], isTLS: Bool, meanwhile: @escaping @Sendable (Int) async throws -> Void) {
        state = Mutex(State(pieces: pieces.map { Array($0.utf8) }, isTLS: isTLS))
        self.meanwhile = meanwhile
    }

    var isTLS: Bool { state.withLock { $0.isTLS } }
    var canStartTLS: Bool { !isTLS }

    func read(seconds: Int64) async throws -> [UInt8]? {
        let number = state.withLock { $0.next }
        try await meanwhile(number)
        return state.withLock { state in
            state.next += 1
            return state.pieces.indices.contains(number) ? state.pieces[number] : nil
        }
    }

    func write(_ bytes: [UInt8]) async throws { state.withLock { $0.written += bytes } }

    func startTLS(reply: [UInt8]) async throws {
        state.withLock { state in
            state.written += reply
            state.isTLS = true
        }
    }
}
