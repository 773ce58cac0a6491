// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import MailStore
import SealedSQLite
import TestSupport
import Testing

@testable import BackupEngine

/// Mail that waited sealed for a zero-access account when a backup was taken.
struct ArrivalsRestoreTests {
    /// Of what waits, the first is filed already in the file of the backup, as when a session files while a backup runs.
    private func worldWithArrivals() async throws -> (World, backup: String) {
        let (world, _) = try await World.protected()
        try await world.deliverSealed(["one", "two", "three"], from: 1_000)
        // The sealed files of before the filing, the account's of after.
        try world.backUp()
        let names = PlainFile.names(in: world.data + "/accounts").filter { $0.contains(".arrivals.db") }
        let kept = world.folder.file("kept")
        try FileManager.default.createDirectory(atPath: kept, withIntermediateDirectories: true)
        for name in names {
            try FileManager.default.copyItem(atPath: "\(world.data)/accounts/\(name)", toPath: "\(kept)/\(name)")
        }
        #expect(try await world.fileSealed().messages == 3)
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
        try await world.remove()
        let report = try await world.restore(nil, backup: backup)
        #expect(report.waiting == 5 && report.filed == 0 && report.withoutArrivals == nil)
        // Mail goes where it went.
        try await world.deliverSealed(["six"], from: 3_000)
        #expect(try await world.fileSealed().messages == 3)
        #expect(try await world.filed().suffix(6) == Self.filed + Self.waited + ["six 3000"])
        #expect(try await world.arrivals { arrivals, _, _ in try await arrivals.state().waiting } == 0)
        try world.backUp()
    }

    @Test func ofOneThatIsThereItIsFiledAndWhatWaitsTodayStays() async throws {
        let (world, backup) = try await worldWithArrivals()
        // One of the backup is filed and gone since; the other still waits today, with one that is newer.
        try await world.deliverSealed(["newer"], from: 3_000)
        let report = try await world.restore(.password(World.password), backup: backup)
        #expect(report.filed == 2 && report.waiting == 0 && report.unopened == 0)
        #expect(try await world.filed().suffix(5) == Self.filed + Self.waited)
        #expect(try await world.arrivals { arrivals, _, _ in try await arrivals.state().waiting } == 6)
        #expect(try await world.fileSealed().messages == 1)
        #expect(try await world.filed().suffix(6) == Self.filed + Self.waited + ["newer 3000"])
        // Once more, now that all of it is filed and gone there.
        #expect(try await world.restore(.password(World.password), backup: backup).filed == 2)
        #expect(try await world.fileSealed().messages == 0)
        #expect(try await world.filed().suffix(5) == Self.filed + Self.waited)
    }

    @Test func intoOneThatIsNoZeroAccessAccountAnyMoreItIsFiled() async throws {
        let (world, backup) = try await worldWithArrivals()
        _ = try await world.open(World.anna) { _, directory in
            try await directory.unprotect(
                World.anna, password: World.password, filesIn: world.data + "/accounts", by: "test")
        }
        #expect(try await world.restore(.password(World.password), backup: backup).filed == 2)
        #expect(try await world.inbox(of: World.anna).texts.count == 7)
    }

    /// Switching zero access off was cut off before all of it was filed.
    @Test func ofOneThatHadJustCeasedToBeOneItIsFiled() async throws {
        let (world, _) = try await worldWithArrivals()
        try await world.open(World.anna) { _, directory in
            try await directory.endZeroAccess(of: World.anna, password: World.password, by: "test")
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
        try await world.remove()
        #expect(try await world.restore(nil, backup: backup).filed == 2)
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
        try await world.remove()
        let report = try await world.restore(nil)
        #expect(report.backup == good && report.passedOver.map(\.backup) == [lacking])
        #expect(report.waiting == 5)
        // Named, it is taken, and mail can come in.
        try await world.remove()
        let named = try await world.restore(nil, backup: lacking)
        #expect(named.withoutArrivals != nil && named.waiting == 0 && named.passedOver.isEmpty)
        try await world.deliverSealed(["six"], from: 3_000)
        #expect(try await world.fileSealed().messages == 1)
    }

    // MARK: The whole store

    /// With what waits for it, unopened; what it gives out is raised when its owner opens it.
    @Test func theWholeStoreComesBackWithWhatWaits() async throws {
        let (world, _) = try await World.protected()
        try await world.arrivals { arrivals, _, _ in
            _ = try await arrivals.deliver(Array("Subject: waits\r\n\r\n".utf8))
        }
        // Of two that are taken within a second either may be the newest.
        let backup = try world.backUp().id
        let uidNext = try await world.arrivals { arrivals, store, directory in
            let hold = try await directory.hold(World.anna, with: .password(World.password))
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
            let hold = try await directory.hold(World.anna, with: .password(World.password))
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
