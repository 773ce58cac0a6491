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

    private func restore(
        _ world: World, _ owner: OwnerSecret?, as address: String? = nil, backup: String? = nil
    ) async throws -> RestoreAccount.Report {
        var restore = RestoreAccount(data: world.data, address: World.anna, newAddress: address, actor: "test")
        restore.owner = owner
        return try await restore.run(world.source(backup), keys: world.keys)
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

    @Test func aRemovedOneComesBackAsItWasAlsoWithoutItsOwner() async throws {
        let (world, recovery) = try await world()
        let app = try await appPassword(world)
        let backup = try world.backUp().id
        for owner in [nil, OwnerSecret.recoveryKey(recovery), .password(password)] {
            try await remove(world)
            await #expect(throws: BackupError.self) {
                try await restore(world, .recoveryKey(.random(.account)), backup: backup)
            }
            let report = try await restore(world, owner, backup: backup)
            #expect(report.wasAbsent && report.recoveryKey == nil)
            #expect(try await count(world, .recoveryKey(recovery)) == 2)
            #expect(try await count(world, .password(password)) == 2)
            try await world.open(World.bert) { _, directory in
                let identity = try await directory.authenticate(login: World.anna, password: SecretBytes(app.text.utf8))
                #expect(identity?.hold != nil)
                #expect(try await directory.account(World.anna).isZeroAccess)
            }
            // UIDs that a client may have seen after the backup are not given out again.
            #expect(try await uidNext(world) > 100_000)
        }
    }

    /// What was restored gets a new key before anybody opened it: each secret still opens it, and what it gave out stays given.
    @Test func aRestoredOneIsKeyedAnew() async throws {
        let (world, recovery) = try await world()
        let app = try await appPassword(world)
        let backup = try world.backUp().id
        try await remove(world)
        #expect(try await restore(world, nil, backup: backup).wasAbsent)
        let directory = try Directory(dataFolder: world.data, keys: world.keys)
        try await directory.rekey(World.anna, password: password, filesIn: world.data + "/accounts", by: "test")
        #expect(try await directory.authenticate(login: World.anna, password: SecretBytes(app.text.utf8))?.hold != nil)
        try directory.close()
        for secret in [OwnerSecret.recoveryKey(recovery), .password(password)] {
            #expect(try await count(world, secret) == 2)
        }
        #expect(try await uidNext(world) > 100_000)
        let names = try FileManager.default.contentsOfDirectory(atPath: world.data + "/accounts")
        #expect(!names.contains { $0.hasSuffix(AccountFile.restoredSuffix) })
    }

    @Test func besideItselfItHasAnotherKey() async throws {
        let (world, recovery) = try await world()
        try await world.deliverSealed(["waits"])
        let backup = try world.backUp().id
        await #expect(throws: BackupError.self) {
            try await restore(world, .recoveryKey(recovery), as: "old@example.org", backup: backup)
        }
        let report = try await restore(world, .password(password), as: "old@example.org", backup: backup)
        let key = try RecoveryKey(.account, text: #require(report.recoveryKey))
        #expect(report.filed == 1)
        #expect(try await count(world, .recoveryKey(key), of: "old@example.org") == 3)
        #expect(try await count(world, .password(password), of: "old@example.org") == 3)
        await #expect(throws: DirectoryError.wrongRecoveryKey("old@example.org")) {
            try await count(world, .recoveryKey(recovery), of: "old@example.org")
        }
        // What arrives for it waits, and is filed.
        try await world.deliverSealed(["new"], to: "old@example.org")
        #expect(try await world.fileSealed(of: "old@example.org", password).messages == 1)
        #expect(try await world.arrivals { arrivals, _, _ in try await arrivals.state().waiting } == 1)
    }

    private func appPassword(_ world: World) async throws -> AppPassword {
        let password = password
        return try await world.open(World.anna) { _, directory in
            try await directory.addAppPassword(
                of: World.anna, label: "telephone", owner: .password(password), by: "test")
        }
    }

    private func remove(_ world: World) async throws {
        try await world.open(World.bert) { _, directory in
            try await directory.removeAccount(World.anna, filesIn: world.data + "/accounts", by: "test")
        }
    }

    private func uidNext(_ world: World) async throws -> UInt32 {
        try await world.arrivals { _, store, directory in
            let hold = try await directory.hold(World.anna, with: .password(password))
            defer { hold.release() }
            return try await store.select(.inbox).state.uidNext
        }
    }

    // MARK: What waits sealed

    /// Subject and date of each message in INBOX, in the order of their UIDs.
    private func inbox(_ world: World) async throws -> [String] {
        try await world.arrivals { _, store, directory in
            let hold = try await directory.hold(World.anna, with: .password(password))
            defer { hold.release() }
            let inbox = try await store.select(.inbox)
            var lines: [String] = []
            for message in try await store.metadata(of: .all, in: inbox.id) {
                let text = String(decoding: try await store.readAll(message.body), as: UTF8.self)
                lines.append("\(text.dropFirst(9).prefix { $0 != "\r\n" }) \(message.internalDate.seconds)")
            }
            return lines
        }
    }

    /// Of what waits, the first is filed already in the file of the backup, as when a session files while a backup runs.
    private func worldWithArrivals() async throws -> (World, backup: String) {
        let (world, _) = try await world()
        try await world.deliverSealed(["one", "two", "three"], from: 1_000)
        let password = password
        // The sealed files of before the filing, the account's of after.
        try world.backUp()
        let names = PlainFile.names(in: world.data + "/accounts").filter { $0.contains(".arrivals.db") }
        let kept = world.folder.file("kept")
        try FileManager.default.createDirectory(atPath: kept, withIntermediateDirectories: true)
        for name in names {
            try FileManager.default.copyItem(atPath: "\(world.data)/accounts/\(name)", toPath: "\(kept)/\(name)")
        }
        #expect(try await world.fileSealed(of: World.anna, password).messages == 3)
        for name in PlainFile.names(in: world.data + "/accounts").filter({ $0.contains(".arrivals.db") }) {
            try FileManager.default.removeItem(atPath: "\(world.data)/accounts/\(name)")
        }
        for name in names {
            try FileManager.default.copyItem(atPath: "\(kept)/\(name)", toPath: "\(world.data)/accounts/\(name)")
        }
        try await world.deliverSealed(["four", "five"], from: 2_000)
        return (world, try world.backUp(now: Date(timeIntervalSinceNow: 2)).id)
    }

    private static let filed = ["one 1000", "two 1001", "three 1002"]
    private static let waited = ["four 2000", "five 2001"]

    @Test func ofARemovedOneItWaitsAgain() async throws {
        let (world, backup) = try await worldWithArrivals()
        try await remove(world)
        let report = try await restore(world, nil, backup: backup)
        #expect(report.waiting == 5 && report.filed == 0 && report.withoutArrivals == nil)
        // Mail goes where it went.
        try await world.deliverSealed(["six"], from: 3_000)
        #expect(try await world.fileSealed(of: World.anna, password).messages == 3)
        #expect(try await inbox(world).suffix(6) == Self.filed + Self.waited + ["six 3000"])
        #expect(try await world.arrivals { arrivals, _, _ in try await arrivals.state().waiting } == 0)
        try world.backUp()
    }

    @Test func ofOneThatIsThereItIsFiledAndWhatWaitsTodayStays() async throws {
        let (world, backup) = try await worldWithArrivals()
        // One of the backup is filed and gone since; the other still waits today, with one that is newer.
        try await world.deliverSealed(["newer"], from: 3_000)
        let report = try await restore(world, .password(password), backup: backup)
        #expect(report.filed == 2 && report.waiting == 0 && report.unopened == 0)
        #expect(try await inbox(world).suffix(5) == Self.filed + Self.waited)
        #expect(try await world.arrivals { arrivals, _, _ in try await arrivals.state().waiting } == 6)
        #expect(try await world.fileSealed(of: World.anna, password).messages == 1)
        #expect(try await inbox(world).suffix(6) == Self.filed + Self.waited + ["newer 3000"])
        // Once more, now that all of it is filed and gone there.
        #expect(try await restore(world, .password(password), backup: backup).filed == 2)
        #expect(try await world.fileSealed(of: World.anna, password).messages == 0)
        #expect(try await inbox(world).suffix(5) == Self.filed + Self.waited)
    }

    @Test func intoOneThatIsNoZeroAccessAccountAnyMoreItIsFiled() async throws {
        let (world, backup) = try await worldWithArrivals()
        let password = password
        _ = try await world.open(World.anna) { _, directory in
            try await directory.unprotect(
                World.anna, password: password, filesIn: world.data + "/accounts", by: "test")
        }
        #expect(try await restore(world, .password(password), backup: backup).filed == 2)
        #expect(try await world.inbox(of: World.anna).texts.count == 7)
    }

    /// Switching zero access off was cut off before all of it was filed.
    @Test func ofOneThatHadJustCeasedToBeOneItIsFiled() async throws {
        let (world, _) = try await worldWithArrivals()
        let password = password
        try await world.open(World.anna) { _, directory in
            try await directory.endZeroAccess(of: World.anna, password: password, by: "test")
        }
        let backup = try world.backUp().id
        let all = RestoreAll(data: world.folder.file("all"), keys: world.folder.file("all-keys"))
        #expect(try await all.run(world.source(backup)).withoutArrivals.isEmpty)
        let data = all.data
        let left = try await world.open(World.anna, in: data) { store, directory in
            try await directory.fileLeftArrivals(of: store.account, filesIn: data + "/accounts")
        }
        #expect(left == 0)
        #expect(try await world.inbox(of: World.anna, in: data).texts.count == 7)
        try await remove(world)
        #expect(try await restore(world, nil, backup: backup).filed == 2)
        #expect(try await world.inbox(of: World.anna).texts.count == 7)
    }

    @Test func aBackupWhoseSealedMailIsDamagedIsPassedOver() async throws {
        let (world, good) = try await worldWithArrivals()
        let id = try await world.open(World.anna) { _, directory in try await directory.account(World.anna).id }
        let file = try await world.arrivals { arrivals, _, directory in
            try #require(try await directory.arrivals(of: arrivals.account)).file
        }
        #expect(file.description != id.description)
        // Its file of arrivals is lost, then a backup is taken.
        for name in PlainFile.names(in: world.data + "/accounts") where name.hasPrefix("\(file).arrivals.db") {
            try FileManager.default.removeItem(atPath: "\(world.data)/accounts/\(name)")
        }
        let lacking = try world.backUp(now: Date(timeIntervalSinceNow: 5)).id
        try await remove(world)
        let report = try await restore(world, nil)
        #expect(report.backup == good && report.passedOver.map(\.backup) == [lacking])
        #expect(report.waiting == 5)
        // Named, it is taken, and mail can come in.
        try await remove(world)
        let named = try await restore(world, nil, backup: lacking)
        #expect(named.withoutArrivals != nil && named.waiting == 0 && named.passedOver.isEmpty)
        try await world.deliverSealed(["six"], from: 3_000)
        #expect(try await world.fileSealed(of: World.anna, password).messages == 1)
    }

    // MARK: The whole store

    /// With what waits for it, unopened; what it gives out is raised when its owner opens it.
    @Test func theWholeStoreComesBackWithWhatWaits() async throws {
        let (world, _) = try await world()
        let password = password
        try await world.arrivals { arrivals, _, _ in
            _ = try await arrivals.deliver(Array("Subject: waits\r\n\r\n".utf8))
        }
        // Of two that are taken within a second either may be the newest.
        let backup = try world.backUp().id
        let uidNext = try await world.arrivals { arrivals, store, directory in
            let hold = try await directory.hold(World.anna, with: .password(password))
            defer { hold.release() }
            _ = try await store.file(arrivals, with: directory.arrivalKey(of: store.account))
            return try await store.select(.inbox).state.uidNext
        }
        var restore = RestoreAll(data: world.data, keys: world.keysFolder)
        restore.replace = true
        let report = try await restore.run(world.source(backup))
        #expect(report.closed == [World.anna] && report.withoutFile.isEmpty && report.withoutArrivals.isEmpty)
        try await world.arrivals { arrivals, store, directory in
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
