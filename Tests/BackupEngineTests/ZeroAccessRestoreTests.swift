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
    @Test func itsContentComesBackWithItsPasswordOrItsRecoveryKey() async throws {
        let (world, recovery) = try await World.protected()
        for wrong in [nil, OwnerSecret.password(SecretBytes("long enougn".utf8)), .recoveryKey(.random(.account))] {
            await #expect(throws: BackupError.self) { try await world.restore(wrong) }
        }
        #expect(try await world.count(.recoveryKey(recovery)) == 2)
        for right in [OwnerSecret.recoveryKey(recovery), .password(World.password)] {
            #expect(try await !world.restore(right).wasAbsent)
            #expect(try await world.count(right) == 1)
        }
        #expect(
            try await world.open(World.anna) { _, directory in try await directory.account(World.anna).isZeroAccess })
    }

    @Test func aRemovedOneComesBackAsItWasAlsoWithoutItsOwner() async throws {
        let (world, recovery) = try await World.protected()
        let app = try await world.appPassword()
        let backup = try world.backUp().id
        for owner in [nil, OwnerSecret.recoveryKey(recovery), .password(World.password)] {
            try await world.remove()
            await #expect(throws: BackupError.self) {
                try await world.restore(.recoveryKey(.random(.account)), backup: backup)
            }
            let report = try await world.restore(owner, backup: backup)
            #expect(report.wasAbsent && report.recoveryKey == nil)
            #expect(try await world.count(.recoveryKey(recovery)) == 2)
            #expect(try await world.count(.password(World.password)) == 2)
            try await world.open(World.bert) { _, directory in
                let identity = try await directory.authenticate(login: World.anna, password: SecretBytes(app.text.utf8))
                #expect(identity?.hold != nil)
                #expect(try await directory.account(World.anna).isZeroAccess)
            }
            // UIDs that a client may have seen after the backup are not given out again.
            #expect(try await world.uidNext() > 100_000)
        }
    }

    /// What was restored gets a new key before anybody opened it: each secret still opens it, and what it gave out stays given.
    @Test func aRestoredOneIsKeyedAnew() async throws {
        let (world, recovery) = try await World.protected()
        let app = try await world.appPassword()
        let backup = try world.backUp().id
        try await world.remove()
        #expect(try await world.restore(nil, backup: backup).wasAbsent)
        let directory = try Directory(dataFolder: world.data, keys: world.keys)
        try await directory.rekey(World.anna, password: World.password, filesIn: world.data + "/accounts", by: "test")
        #expect(try await directory.authenticate(login: World.anna, password: SecretBytes(app.text.utf8))?.hold != nil)
        try directory.close()
        for secret in [OwnerSecret.recoveryKey(recovery), .password(World.password)] {
            #expect(try await world.count(secret) == 2)
        }
        #expect(try await world.uidNext() > 100_000)
        let names = try FileManager.default.contentsOfDirectory(atPath: world.data + "/accounts")
        #expect(!names.contains { $0.hasSuffix(AccountFile.restoredSuffix) })
    }

    @Test func besideItselfItHasAnotherKey() async throws {
        let (world, recovery) = try await World.protected()
        try await world.deliverSealed(["waits"])
        let backup = try world.backUp().id
        await #expect(throws: BackupError.self) {
            try await world.restore(.recoveryKey(recovery), as: "old@example.org", backup: backup)
        }
        let report = try await world.restore(.password(World.password), as: "old@example.org", backup: backup)
        let key = try RecoveryKey(.account, text: #require(report.recoveryKey))
        #expect(report.filed == 1)
        #expect(try await world.count(.recoveryKey(key), of: "old@example.org") == 3)
        #expect(try await world.count(.password(World.password), of: "old@example.org") == 3)
        await #expect(throws: DirectoryError.wrongRecoveryKey("old@example.org")) {
            try await world.count(.recoveryKey(recovery), of: "old@example.org")
        }
        // What arrives for it waits, and is filed.
        try await world.deliverSealed(["new"], to: "old@example.org")
        #expect(try await world.fileSealed(of: "old@example.org").messages == 1)
        #expect(try await world.arrivals { arrivals, _, _ in try await arrivals.state().waiting } == 1)
    }
}
