// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import SealedSQLite
import Testing

@testable import MailStore

@Suite struct DirectoryTests {
    @Test func removedIsGone() async throws {
        let fixture = try await Fixture()
        _ = try await fixture.store.deliver(message("x"))
        await #expect(throws: StoreError.accountExists) { try await fixture.directory.create(fixture.account) }
        try await fixture.directory.remove(fixture.account)
        #expect(!fixture.directory.exists(fixture.account))
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.root).filter { $0.contains(".db") } == [])
        await #expect(throws: StoreError.noSuchAccount) { try await fixture.store.list() }
        await #expect(throws: StoreError.noSuchAccount) { try await fixture.directory.store(for: fixture.account) }
        try await fixture.directory.remove(fixture.account)
    }

    /// Another process deleted the account and made it again: the old file must not be written to.
    @Test func aReplacedFileIsNoticed() async throws {
        let fixture = try await Fixture()
        _ = try await fixture.store.deliver(message("old"))
        let old = try await fixture.store.status(of: .inbox).state.uidValidity
        let other = fixture.another()
        try await other.remove(fixture.account)
        await #expect(throws: StoreError.noSuchAccount) { try await fixture.store.deliver(message("lost?")) }
        try await other.create(fixture.account)
        #expect(try await fixture.store.uids().isEmpty)
        _ = try await fixture.store.deliver(message("new"))
        let store = try await other.store(for: fixture.account)
        #expect(try await store.uids() == [1])
        #expect(try await store.status(of: .inbox).state.uidValidity > old - 1)
        await other.close()
    }

    @Test func oneBrokenAccountStopsNoOther() async throws {
        let fixture = try await Fixture()
        let key = SealedKey.random()
        let broken = AccountID.random()
        let locked = AccountID.random()
        let whole = AccountID.random()
        let directory = AccountDirectory(root: fixture.root + "/some", limit: 2) { account in
            if account == locked { throw StoreError.unavailable("closed") }
            return key
        }
        try await directory.create(broken)
        try await directory.create(whole)
        let path = "\(fixture.root)/some/\(broken.description).db"
        await directory.close()
        let again = AccountDirectory(root: fixture.root + "/some", limit: 1) { account in
            if account == locked { throw CocoaError(.fileNoSuchFile) }
            return key
        }
        try Data(repeating: 7, count: 8192).write(to: URL(fileURLWithPath: path))
        let brokenStore = try await again.store(for: broken)
        let wholeStore = try await again.store(for: whole)
        for _ in 0..<3 {
            await #expect(throws: StoreError.damaged) { try await brokenStore.deliver(message("x")) }
            _ = try await wholeStore.deliver(message("x"))
        }
        #expect(StoreError.damaged.isTemporary)
        await #expect(throws: StoreError.keyUnavailable) { try await again.create(locked) }
        await again.close()
        await #expect(throws: StoreError.closed) { try await wholeStore.list() }
    }
}
