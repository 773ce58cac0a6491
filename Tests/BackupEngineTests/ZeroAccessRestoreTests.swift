// SPDX-License-Identifier: Apache-2.0
import Accounts
import MailStore
import SealedSQLite
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
}
