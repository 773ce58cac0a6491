// SPDX-License-Identifier: Apache-2.0
import Accounts
import CalendarStore
import Foundation
import GRDB
import MailStore
import OutgoingQueue
import SealedSQLite
import TestSupport
import Testing

@testable import BackupEngine

struct RestoreTests {
    @Test func everythingComesBackFromTheRepositoryAndTheRecoveryKey() async throws {
        let world = try await World()
        try await world.deliver(["one", "two", "three"], to: World.anna)
        let before = try await world.inbox(of: World.anna)
        let signing = try await world.open(World.anna) { _, directory in
            try await directory.signingKeys(domain: "example.org").map(\.selector)
        }
        try await queue(in: world.data, world.keys).enqueue(
            NewMessage(
                reversePath: World.anna,
                recipients: [NewDelivery(recipient: "c@elsewhere.test", route: .remote(domain: "elsewhere.test"))],
                content: Array("Subject: out\r\n\r\nout\r\n".utf8)))
        // Nothing of the store is closed: its logs are not written back.
        let directory = try Directory(dataFolder: world.data, keys: world.keys)
        try world.backUp()
        withExtendedLifetime(directory) {}

        let (data, keys) = (world.folder.file("new/data"), world.folder.file("new/keys"))
        var restore = RestoreAll(data: data, keys: keys)
        restore.master = world.folder.file("new/master.key")
        restore.backupKeys = world.folder.file("new/backup")
        let report = try await restore.run(world.source())
        #expect(report.accounts == 2 && report.held == 1 && report.withoutFile.isEmpty && report.replaced == nil)
        #expect(try KeyFile.read(#require(restore.master)) == world.master)
        #expect(try BackupKeys(folder: #require(restore.backupKeys)).repository == world.backupKeys.repository)
        let recovered = try PurposeKeys(folder: keys)
        let after = try await world.inbox(of: World.anna, in: data, keys: recovered)
        #expect(after.texts == before.texts)
        #expect(after.state.uidValidity == before.state.uidValidity)
        #expect(
            after.state.uidNext > before.state.uidNext + 1_000 && after.state.highestModseq > before.state.highestModseq
        )
        try await world.open(World.anna, in: data, keys: recovered) { _, directory in
            let found = try await directory.authenticate(login: World.anna, password: SecretBytes("long enough".utf8))
            #expect(found?.address == World.anna)
            #expect(try await directory.signingKeys(domain: "example.org").map(\.selector) == signing)
        }
        let spool = try queue(in: data, recovered)
        #expect(try await spool.list().map(\.held) == [true])
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: data).filter {
                $0.contains("restor") && $0 != "restore.lock"
            } == [])

        // A second time: there is a store now.
        await #expect(throws: BackupError.self) { try await restore.run(world.source()) }
        restore.replace = true
        // It is open just now.
        #expect(try await spool.depth().deliveries == 1)
        let second = try await restore.run(world.source())
        let replaced = try #require(second.replaced)
        #expect(FileManager.default.fileExists(atPath: "\(data)/\(replaced)/config.db"))
        #expect(try await world.inbox(of: World.anna, in: data, keys: recovered).texts == before.texts)
    }

    private func queue(in data: String, _ keys: PurposeKeys) throws -> OutgoingQueue {
        OutgoingQueue(database: try StoreFile.spool.open(in: data, keys: keys, migrations: OutgoingQueue.migrations))
    }

    @Test func keysThatAreInPlaceStayAndEverythingIsWrappedByThem() async throws {
        let world = try await World()
        try await world.deliver(["one"], to: World.anna)
        try world.backUp()
        let (data, folder) = (world.folder.file("new"), world.folder.file("other-keys"))
        let present = PurposeKeys(master: .random())
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try present.write(to: folder)
        let report = try await RestoreAll(data: data, keys: folder).run(world.source())
        #expect(report.keptKeys)
        #expect(try await world.inbox(of: World.anna, in: data, keys: present).texts.count == 1)
        let signing = try await world.open(World.anna, in: data, keys: present) { _, directory in
            try await directory.signingKeys(domain: "example.org").count
        }
        #expect(signing == 2)
        await #expect(throws: (any Error).self) { _ = try await world.inbox(of: World.anna, in: data) }
        #expect(try StoreFile.spool.key(in: data, keys: present).hex.count == 64)
    }

    /// Backups of before, during and after a rotation of the master key, by one recovery key.
    @Test func backupsOfBeforeAndAfterARotationComeBack() async throws {
        let world = try await World()
        let backupFolder = world.folder.file("backup-keys")
        try FileManager.default.createDirectory(atPath: backupFolder, withIntermediateDirectories: true)
        try world.backupKeys.write(to: backupFolder)
        let keys = try BackupKeys(folder: backupFolder)
        let run = try BackupRun(data: world.data, place: world.place, keys: keys, retention: nil, release: "test")
        var backups: [String] = []
        try await world.deliver(["before"], to: World.anna)
        backups.append(try run.run().id)
        let new = SealedKey.random()
        let rotation = try MasterRotation(data: world.data, folders: [world.keysFolder], from: world.master, to: new)
        _ = try await rotation.run(by: "test") {
            try keys.rotated(from: world.master, to: new).write(to: backupFolder)
        } done: { step in
            // Slots of both keys are in this one.
            if step == .slot(file: "config") { backups.append(try run.run().id) }
        }
        backups.append(try run.run().id)
        for (index, backup) in backups.enumerated() {
            let data = world.folder.file("back-\(index)/data")
            var restore = RestoreAll(data: data, keys: world.folder.file("back-\(index)/keys"))
            restore.master = world.folder.file("back-\(index)/master.key")
            let report = try await restore.run(world.source(backup))
            #expect(report.accounts == 2)
            #expect(try KeyFile.read(#require(restore.master)) == new, "everything is of the newest master key again")
            let back = try PurposeKeys(folder: restore.keys)
            #expect(try await world.inbox(of: World.anna, in: data, keys: back).texts.count == 1)
        }
        // One account of a backup of before, into the store of now.
        let present = try PurposeKeys(folder: world.keysFolder)
        _ = try await RestoreAccount(data: world.data, address: World.anna, actor: "test").run(
            world.source(backups[0]), keys: present)
    }

    /// SQLite never writes pages that one transaction takes and frees; nobody without the key can make them up.
    @Test func pagesThatWereNeverWrittenAreMadeUpAtTheRestore() async throws {
        let world = try await World()
        try await world.open(World.anna) { store, _ in
            _ = try await store.deliver(Array("Subject: kept\r\n\r\nkept\r\n".utf8))
            let pages = try await store.write { db in
                try db.execute(sql: "INSERT INTO chunks (id, data) VALUES (-1, randomblob(4000000))")
                try db.execute(sql: "DELETE FROM chunks WHERE id = -1")
                return try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
            }
            #expect(pages > 900)
            let manifest = try world.backUp()
            #expect(try #require(manifest.file("accounts/\(store.account).db")).bytes > 4_000_000)
        }
        let data = world.folder.file("new")
        _ = try await RestoreAll(data: data, keys: world.folder.file("k")).run(world.source())
        try await world.open(World.anna, in: data) { store, directory in
            let key = try directory.fileKey(of: store.account).key
            // What reads every page, free ones too.
            let path = "\(data)/accounts/\(store.account).db"
            let bytes = try #require(FileManager.default.contents(atPath: path))
            for start in stride(from: 0, to: bytes.count, by: 4_096) {
                var page = Array(bytes[start..<start + 4_096])
                #expect(PageCipher.decrypt(&page, number: UInt32(start / 4_096) + 1, key: key))
            }
        }
    }

    @Test func aDamagedFileOfOneAccountKeepsNoOtherFromComingBack() async throws {
        let world = try await World()
        try await world.deliver(["kept"], to: World.anna)
        try await world.deliver(["older"], to: World.bert)
        let good = try world.backUp(now: Date(timeIntervalSinceNow: -60))
        try await world.deliver(["newer"], to: World.bert)
        let manifest = try world.backUp()
        let id = try await world.open(World.bert) { _, directory in try await directory.account(World.bert).id }
        let root = try world.place.text
        let older = Set(good.files.flatMap(\.chunkNames))
        let chunk = try #require(
            manifest.file("accounts/\(id).db")?.chunkNames.first { !older.contains($0) })
        let path = root + "/" + chunk.object
        let whole = try #require(FileManager.default.contents(atPath: path))
        // One byte of the content, one that says the release, and the whole.
        for (turn, index) in [1_000, 0, nil].enumerated() {
            var bytes = whole
            if let index { bytes[index] ^= 1 }
            try FileManager.default.removeItem(atPath: path)
            if index != nil { try bytes.write(to: URL(fileURLWithPath: path)) }
            let data = world.folder.file("new-\(turn)")
            let report = try await RestoreAll(data: data, keys: world.folder.file("k-\(turn)")).run(world.source())
            #expect(report.accounts == 1 && report.withoutFile.isEmpty)
            #expect(report.damaged.map(\.address) == [World.bert])
            #expect(report.damaged.allSatisfy { $0.why.contains(chunk.hex) })
            #expect(try await world.inbox(of: World.anna, in: data).texts.count == 1)
            #expect(!FileManager.default.fileExists(atPath: "\(data)/accounts/\(id).db"))
            // What the command says to do.
            _ = try await RestoreAccount(data: data, address: World.bert, actor: "test")
                .run(world.source(good.id), keys: world.keys)
            #expect(try await world.inbox(of: World.bert, in: data).texts.count == 1)
        }
        // Without its configuration a store is nothing.
        let needed = try #require(manifest.file("config.db")?.chunkNames[0].object)
        try FileManager.default.removeItem(atPath: root + "/" + needed)
        let data = world.folder.file("new")
        await #expect {
            try await RestoreAll(data: data, keys: world.folder.file("k")).run(world.source())
        } throws: {
            "\($0)".contains("config.db: chunk") && "\($0)".contains("--backup ID")
        }
        #expect(PlainFile.names(in: data).filter { $0 == "restoring" || $0 == "config.db" }.isEmpty)
    }

    @Test func aMoveThatWasCutOffIsFinishedByTheNextRun() async throws {
        let world = try await World()
        try await world.deliver(["one"], to: World.anna)
        try world.backUp()
        let data = world.folder.file("new")
        _ = try await RestoreAll(data: data, keys: world.folder.file("k")).run(world.source())
        // As if it had died within the move, with config.db and one account still to go.
        let account = try #require(
            FileManager.default.contentsOfDirectory(atPath: data + "/accounts").first { $0.hasSuffix(".db") })
        for folder in [data + "/restoring", data + "/accounts/restoring"] {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        try FileManager.default.moveItem(atPath: data + "/config.db", toPath: data + "/restoring/config.db")
        try FileManager.default.moveItem(
            atPath: data + "/accounts/" + account, toPath: data + "/accounts/restoring/" + account)
        let pending = #"{"backup":"b","files":["config.db","config.slot","accounts/\#(account)"]}"#
        try Data(pending.utf8).write(to: URL(fileURLWithPath: data + "/restore.pending"))
        let report = try await RestoreAll(data: data, keys: world.folder.file("k")).run(world.source())
        #expect(report == RestoreAll.Report(backup: "b"))
        #expect(try await world.inbox(of: World.anna, in: data).texts.count == 1)
        #expect(!FileManager.default.fileExists(atPath: data + "/restore.pending"))
    }
}
