// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import MailStore
import SealedSQLite
import TestSupport
import Testing

@testable import BackupEngine

/// One zero-access account brought back: by its owner's secrets, or not at all.
struct ZeroAccessRestoreTests {
    private let password = SecretBytes("long enough".utf8)

    /// Anna, protected, with one message, backed up; then with another.
    private func world() async throws -> (World, RecoveryKey) {
        let world = try await World()
        try await world.deliver(["before"], to: World.anna)
        let recovery = try await world.open(World.anna) { _, directory in
            try await directory.protect(
                World.anna, password: password, filesIn: world.data + "/accounts", by: "test")
        }
        try world.backUp()
        _ = try await world.open(World.anna) { store, directory in
            let hold = try await directory.hold(World.anna, with: .password(password))
            defer { hold.release() }
            return try await store.deliver(Array("Subject: after\r\n\r\n".utf8))
        }
        return (world, recovery)
    }

    private func restore(_ world: World, _ owner: OwnerSecret?, as address: String? = nil) async throws
        -> RestoreAccount.Report
    {
        var restore = RestoreAccount(data: world.data, address: World.anna, newAddress: address, actor: "test")
        restore.owner = owner
        return try await restore.run(world.source(), keys: world.keys)
    }

    private func count(_ world: World, _ owner: OwnerSecret, of address: String = World.anna) async throws -> Int {
        try await world.open(address) { store, directory in
            let hold = try await directory.hold(address, with: owner)
            defer { hold.release() }
            return try await store.select(.inbox).exists
        }
    }

    @Test func itsContentComesBackWithItsPasswordOrItsRecoveryKey() async throws {
        let (world, recovery) = try await world()
        for wrong in [nil, OwnerSecret.password(SecretBytes("long enougn".utf8)), .recoveryKey(.random(.account))] {
            await #expect(throws: BackupError.self) { try await restore(world, wrong) }
        }
        #expect(try await count(world, .recoveryKey(recovery)) == 2)
        for right in [OwnerSecret.recoveryKey(recovery), .password(password)] {
            #expect(try await !restore(world, right).wasAbsent)
            #expect(try await count(world, right) == 1)
        }
        #expect(
            try await world.open(World.anna) { _, directory in try await directory.account(World.anna).isZeroAccess })
    }

    @Test func aRemovedOneIsMadeAnewByItsPassword() async throws {
        let (world, recovery) = try await world()
        try await world.open(World.anna) { _, directory in
            try await directory.removeAccount(World.anna, filesIn: world.data + "/accounts", by: "test")
        }
        await #expect(throws: BackupError.self) { try await restore(world, .recoveryKey(recovery)) }
        let report = try await restore(world, .password(password))
        let key = try RecoveryKey(.account, text: #require(report.recoveryKey))
        #expect(report.wasAbsent)
        #expect(try await count(world, .recoveryKey(key)) == 1)
        #expect(try await count(world, .password(password)) == 1)
        let beside = try await restore(world, .password(password), as: "old@example.org")
        #expect(beside.recoveryKey != nil && beside.recoveryKey != report.recoveryKey)
        #expect(try await count(world, .password(password), of: "old@example.org") == 1)
        await #expect(throws: DirectoryError.wrongRecoveryKey(World.anna)) {
            try await count(world, .recoveryKey(recovery))
        }
    }

    // MARK: The whole store

    private func arrivals<T: Sendable>(
        of world: World, _ body: @Sendable (Arrivals, AccountStore, Directory) async throws -> T
    ) async throws -> T {
        let directory = try Directory(dataFolder: world.data, keys: world.keys)
        defer { try? directory.close() }
        let files = AccountDirectory(
            root: world.data + "/accounts", limit: 2, arrivals: { try await directory.arrivals(of: $0) },
            keys: { try directory.fileKey(of: $0) })
        let id = try await directory.account(World.anna).id
        let found = try #require(try await files.arrivals(of: id))
        let result = try await body(found, files.store(for: id), directory)
        await files.close()
        return result
    }

    /// With what waits for it, unopened; what it gives out is raised when its owner opens it.
    @Test func theWholeStoreComesBackWithWhatWaits() async throws {
        let (world, _) = try await world()
        let password = password
        try await arrivals(of: world) { arrivals, _, _ in
            _ = try await arrivals.deliver(Array("Subject: waits\r\n\r\n".utf8))
        }
        // Of two that are taken within a second either may be the newest.
        let backup = try world.backUp().id
        let uidNext = try await arrivals(of: world) { arrivals, store, directory in
            let hold = try await directory.hold(World.anna, with: .password(password))
            defer { hold.release() }
            _ = try await store.file(arrivals, with: directory.arrivalKey(of: store.account))
            return try await store.select(.inbox).state.uidNext
        }
        var restore = RestoreAll(data: world.data, keys: world.keysFolder)
        restore.replace = true
        let report = try await restore.run(world.source(backup))
        #expect(report.closed == [World.anna] && report.withoutFile.isEmpty && report.withoutArrivals.isEmpty)
        try await arrivals(of: world) { arrivals, store, directory in
            #expect(try await arrivals.state().waiting == 1)
            let hold = try await directory.hold(World.anna, with: .password(password))
            defer { hold.release() }
            #expect(try await store.select(.inbox).exists == 2)
            let filed = try await store.file(arrivals, with: directory.arrivalKey(of: store.account))
            #expect(filed.messages == 1)
            let mailbox = try await store.select(.inbox)
            #expect(mailbox.exists == 3 && mailbox.messages.uids[2] > uidNext + 100_000)
        }
    }

    /// What is filed while a backup runs is in the backup: once.
    @Test func arrivalsAreTakenBeforeTheFilesThatTheyAreFiledInto() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.file("accounts"), withIntermediateDirectories: true)
        let names = (0..<20).map { _ in AccountID.random().description }
        for (index, name) in names.enumerated() {
            _ = FileManager.default.createFile(
                atPath: folder.file("accounts/\(name)\(index % 2 == 0 ? ".db" : ".arrivals.db")"), contents: nil)
        }
        let found = StoreContents(data: folder.path).accounts()
        #expect(found.count == 20 && found.prefix(10).allSatisfy { $0.hasSuffix(".arrivals.db") })
    }
}
