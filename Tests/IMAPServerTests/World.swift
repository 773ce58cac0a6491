// SPDX-License-Identifier: Apache-2.0

import Accounts
import Foundation
import IMAPServer
import Logging
import MailStore
import SASLMechanisms
import SealedSQLite
import ServiceKit
import Synchronization
import TestSupport

/// One account, anna@example.org, in a store in a folder of its own; its changes wake those who wait for them.
final class World: IMAPBackend {
    private let folder: TemporaryFolder
    let directory: AccountDirectory
    let account = AccountID.random()
    let limits: IMAPLimits
    let memory: MessageMemory
    private let waiting = Mutex<[UUID: CheckedContinuation<Void, Never>]>([:])

    /// - Parameters:
    ///   - quota: bytes that the account may hold.
    ///   - limits: of the sessions; what they share has the memory that these say.
    init(quota: Int? = nil, limits: IMAPLimits = IMAPLimits()) async throws {
        self.limits = limits
        memory = MessageMemory(limit: limits.literalMemory)
        let key = SealedKey.random()
        folder = try TemporaryFolder()
        directory = AccountDirectory(
            root: folder.path, limit: 4, quota: { _ in quota }, keys: { AccountFileKey($0, key) })
        try await directory.create(account)
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

    func announce(_ account: AccountID) {
        let all = waiting.withLock { waiting in
            defer { waiting = [:] }
            return Array(waiting.values)
        }
        for one in all { one.resume() }
    }

    /// No minute passes here.
    func waitForChange(of account: AccountID, seconds: Int64) async {
        let id = UUID()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isCancelled = waiting.withLock { waiting in
                    if Task.isCancelled { return true }
                    waiting[id] = continuation
                    return false
                }
                if isCancelled { continuation.resume() }
            }
        } onCancel: {
            waiting.withLock { $0.removeValue(forKey: id) }?.resume()
        }
    }

    func connect(isTLS: Bool) async throws -> Line {
        let line = Line(world: self, isTLS: isTLS)
        try await line.settled()
        return line
    }
}

/// A connection without a socket. The session runs in a task of its own; `send` returns when it waits for more.
final class Line: TalkConnection, Sendable {
    private struct State {
        var toServer: [UInt8] = []
        var toClient: [UInt8] = []
        var isTLS: Bool
        var wantsTLS = false
        var isClosed = false
        var isEnded = false
        /// The session, waiting for bytes.
        var reader: CheckedContinuation<Void, Never>?
        /// The test, waiting for the session to wait.
        var idle: CheckedContinuation<Void, Never>?
        /// The session, waiting for the test's handshake.
        var handshake: CheckedContinuation<Void, Never>?

        var isSettled: Bool { isClosed || handshake != nil || reader != nil && toServer.isEmpty && !isEnded }
    }

    private let state: Mutex<State>

    init(world: World, isTLS: Bool) {
        state = Mutex(State(isTLS: isTLS))
        let transport = Transport(line: self)
        Task {
            let session = IMAPSession(
                transport: transport, backend: world, limits: world.limits, memory: world.memory,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            try? await session.run()
            self.change { $0.isClosed = true }
        }
    }

    /// Changes the state and wakes whoever waited for it.
    private func change(_ body: (inout State) -> Void) {
        let woken = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            body(&state)
            var woken: [CheckedContinuation<Void, Never>] = []
            if let reader = state.reader, !state.toServer.isEmpty || state.isEnded {
                state.reader = nil
                woken.append(reader)
            }
            if state.isSettled, let idle = state.idle {
                state.idle = nil
                woken.append(idle)
            }
            return woken
        }
        for one in woken { one.resume() }
    }

    func settled() async throws {
        await withCheckedContinuation { continuation in
            change { $0.idle = continuation }
        }
    }

    func take() -> [UInt8] {
        state.withLock { state in
            defer { state.toClient = [] }
            return state.toClient
        }
    }

    func send(_ octets: [UInt8]) async throws {
        // What comes between STARTTLS and the handshake is no TLS: the handshake throws it away.
        let isLost = state.withLock { $0.isClosed || $0.handshake != nil }
        guard !isLost else { return }
        change { $0.toServer += octets }
        try await settled()
    }

    /// The client hangs up.
    func end() async throws {
        change { $0.isEnded = true }
        try await settled()
    }

    func startTLS() async throws {
        let waiting = state.withLock { state in
            defer { state.handshake = nil }
            return state.handshake
        }
        guard let waiting else { throw NoHandshake() }
        waiting.resume()
        try await settled()
    }

    struct NoHandshake: Error {}

    var isClosed: Bool { state.withLock { $0.isClosed } }

    private struct Transport: ByteTransport {
        let line: Line
        var isTLS: Bool { line.state.withLock { $0.isTLS } }
        var canStartTLS: Bool { !isTLS }

        func read(seconds: Int64) async throws -> [UInt8]? {
            while true {
                let got = line.state.withLock { state -> [UInt8]? in
                    guard state.toServer.isEmpty else {
                        defer { state.toServer = [] }
                        return state.toServer
                    }
                    return state.isEnded ? [] : nil
                }
                if let got { return got.isEmpty ? nil : got }
                await withTaskCancellationHandler {
                    await withCheckedContinuation { continuation in
                        line.change { state in
                            if Task.isCancelled { continuation.resume() } else { state.reader = continuation }
                        }
                    }
                } onCancel: {
                    line.state.withLock { state in
                        defer { state.reader = nil }
                        return state.reader
                    }?.resume()
                }
                try Task.checkCancellation()
            }
        }

        func write(_ bytes: [UInt8]) async throws { line.change { $0.toClient += bytes } }

        func startTLS(reply: [UInt8]) async throws {
            await withCheckedContinuation { continuation in
                line.change { state in
                    state.toClient += reply
                    // What came before the handshake is gone with it.
                    state.toServer = []
                    state.handshake = continuation
                }
            }
            line.change { $0.isTLS = true }
        }
    }
}
