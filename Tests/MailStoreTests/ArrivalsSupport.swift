// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import GRDB
import SealedSQLite
import Synchronization
import TestSupport
import Testing

@testable import MailStore

/// A zero-access account: its own file, its file of arrivals, and who delivers (`inbound`), who files (`access`).
final class ZeroAccessFixture: Sendable {
    let folder: TemporaryFolder
    let account: AccountID
    let seed: SealedKey
    let place: ArrivalsPlace
    let quota: Quota
    let inbound: AccountDirectory
    let access: AccountDirectory
    let arrivals: Arrivals
    let store: AccountStore
    let key: ArrivalKey

    final class Quota: Sendable {
        let bytes = Mutex<Int?>(nil)
        func set(_ bytes: Int?) { self.bytes.withLock { $0 = bytes } }
    }

    init(limits: StoreLimits = StoreLimits()) async throws {
        (folder, account, seed, quota) = (try TemporaryFolder(), AccountID.random(), SealedKey.random(), Quota())
        key = try ArrivalKey(seed: seed)
        let place = ArrivalsPlace.new(for: account, publicKey: key.publicKey)
        let (folder, quota, fileKey) = (folder, quota, AccountFileKey(account, .random()))
        self.place = place
        @Sendable func directory(_ key: AccountFileKey?) -> AccountDirectory {
            AccountDirectory(
                root: folder.path, limit: 4, limits: limits, quota: { _ in quota.bytes.withLock { $0 } },
                arrivals: { _ in place },
                keys: { _ in
                    guard let key else { throw StoreError.keyUnavailable }
                    return key
                })
        }
        (inbound, access) = (directory(nil), directory(fileKey))
        store = try await access.create(account)
        try await inbound.createArrivals(place)
        arrivals = try #require(try await inbound.arrivals(of: account))
    }

    func file() async throws -> Filed {
        try await store.file(#require(try await access.arrivals(of: account)), with: key)
    }

    /// As nobody of ours does: with the key of the file of arrivals, that is as the operator.
    func tamper(_ sql: String, _ arguments: StatementArguments = StatementArguments()) async throws {
        try await arrivals.write { try $0.execute(sql: sql, arguments: arguments) }
    }

    /// What lies in INBOX, in order of UID.
    func inbox() async throws -> [[UInt8]] {
        let inbox = try await store.mailbox(named: .inbox)
        var all: [[UInt8]] = []
        for found in try await store.metadata(of: .all, in: inbox) { all.append(try await store.readAll(found.body)) }
        return all
    }
}

/// A message of that many bytes behind its header, in which nothing is twice.
func filler(_ bytes: Int) -> [UInt8] {
    Array("Subject: \(bytes)\r\n\r\n".utf8) + (0..<bytes).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) | 1 }
}
