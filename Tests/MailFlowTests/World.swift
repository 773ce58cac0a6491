// SPDX-License-Identifier: Apache-2.0

import Accounts
import Foundation
import Logging
import MailFlow
import MailFormat
import MailStore
import OutgoingQueue
import SealedSQLite
import Synchronization
import TestSupport
import Testing

/// example.org with Anna and Bob, a real spool in a temporary folder, a store that can be told to fail.
final class World: RecipientDirectory, MailDrop, Judge, Announcer {
    static let anna = AccountID(String(repeating: "a", count: 32))!
    static let bob = AccountID(String(repeating: "b", count: 32))!

    struct Stored: Sendable {
        let account: AccountID
        let text: String
    }

    private struct State {
        var stored: [Stored] = []
        var keys: Set<String> = []
        var failures: [AccountID: DropFailure] = [:]
        var rooms: [AccountID: Int] = [:]
        var warned: Set<AccountID> = []
        var announced: [AccountID] = []
        var rejectedBy: String?
    }

    private let state = Mutex(State())
    private let folder: TemporaryFolder
    private let clock = HandClock()
    let queue: OutgoingQueue

    private final class HandClock: Sendable { let days = Mutex(0) }

    init() throws {
        folder = try TemporaryFolder()
        let key = SealedKey.random()
        let path = folder.file("spool.db")
        try SealedDatabase.create(path: path, key: key, migrations: OutgoingQueue.migrations)
        queue = OutgoingQueue(
            database: try SealedPool(path: path, key: key, migrations: OutgoingQueue.migrations),
            now: { [clock] in Date(timeIntervalSinceNow: Double(clock.days.withLock { $0 }) * 24 * 3_600) })
    }

    /// In the spool.
    func pass(days: Int) { clock.days.withLock { $0 += days } }

    var stored: [Stored] { state.withLock { $0.stored } }
    var announced: [AccountID] { state.withLock { $0.announced } }
    func fail(_ account: AccountID, _ failure: DropFailure?) { state.withLock { $0.failures[account] = failure } }
    /// Bytes that an account still takes.
    func limit(_ account: AccountID, to bytes: Int) { state.withLock { $0.rooms[account] = bytes } }
    /// The account's next delivery brings a warning along.
    func warn(_ account: AccountID) { state.withLock { _ = $0.warned.insert(account) } }
    func reject(_ domain: String) { state.withLock { $0.rejectedBy = domain } }

    var flow: AcceptMessage {
        AcceptMessage(
            hostname: "mx.example.org", directory: self, drop: self, queue: queue, judge: self, announcer: self,
            logger: Logger(label: "test"), now: { "Tue, 24 Nov 2026 04:30:00 +0000" })
    }

    var deliveries: LocalDeliveries {
        LocalDeliveries(
            hostname: "mx.example.org", directory: self, drop: self, queue: queue, announcer: self,
            logger: Logger(label: "test"), now: { "Tue, 24 Nov 2026 04:30:00 +0000" })
    }

    func find(_ address: MailAddress) async throws -> FoundRecipient {
        guard address.domain == "example.org" else { return .notLocal }
        return switch address.canonical {
        case "anna@example.org": .accounts([Self.anna])
        case "bob@example.org": .accounts([Self.bob])
        case "list@example.org": .accounts([Self.anna, Self.bob])
        default: .unknown
        }
    }

    func findPostmaster() async throws -> Recipient? {
        MailAddress(parsing: "postmaster@example.org").map { Recipient(address: $0, route: .local([Self.anna])) }
    }

    func mayUse(_ account: AccountID, _ address: MailAddress) async throws -> Bool {
        try await find(address) == .accounts([account])
    }

    func hasRoom(for bytes: Int, in account: AccountID) async -> Bool {
        state.withLock { bytes <= $0.rooms[account] ?? .max }
    }

    func deliver(
        _ message: [UInt8], to account: AccountID, key: String?, warning: @escaping @Sendable (StorageUse) -> [UInt8]
    ) async throws(DropFailure) {
        let failure = state.withLock { state in
            if let failure = state.failures[account] { return failure as DropFailure? }
            if let key, state.keys.contains(key) { return nil }
            if message.count > state.rooms[account] ?? .max { return .overQuota }
            if let key { state.keys.insert(key) }
            state.stored.append(Stored(account: account, text: String(decoding: message, as: UTF8.self)))
            if state.warned.remove(account) != nil {
                let use = StorageUse(messages: 1, messageBytes: 9 << 20, objectBytes: 300 << 10, limit: 10 << 20)
                state.stored.append(Stored(account: account, text: String(decoding: warning(use), as: UTF8.self)))
            }
            return nil
        }
        if let failure { throw failure }
    }

    func judge(_ message: IncomingMessage) async -> Judgement {
        Judgement(
            field: "Authentication-Results: mx.example.org; none\r\n", rejectedBy: state.withLock { $0.rejectedBy })
    }

    func changed(_ account: AccountID) { state.withLock { $0.announced.append(account) } }

    func message(
        _ text: String, from sender: String? = "stranger@example.com", to recipients: [String],
        submittedBy account: AccountID? = nil
    ) async throws -> IncomingMessage {
        var resolved: [Recipient] = []
        for text in recipients {
            let verdict = await flow.resolve(
                try #require(MailAddress(parsing: text)), mayRelay: account != nil, size: nil)
            guard case .accepted(let recipient) = verdict else {
                Issue.record("\(text) was refused")
                continue
            }
            resolved.append(recipient)
        }
        return IncomingMessage(
            id: "ID", origin: account.map { .submission($0) } ?? .exchange,
            client: IncomingMessage.Client(address: "192.0.2.1", name: "client.example", protocolName: "ESMTP"),
            reversePath: sender ?? "", recipients: resolved, content: Array(text.utf8))
    }
}

extension AcceptVerdict {
    var refusal: Refusal? {
        if case .refused(let refusal) = self { return refusal }
        return nil
    }
}
