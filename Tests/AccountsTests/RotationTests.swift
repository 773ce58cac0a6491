// SPDX-License-Identifier: Apache-2.0
import Foundation
import SealedSQLite
import TestSupport
import Testing

@testable import Accounts

/// A new master key in the place of the old.
@Suite struct RotationTests {
    /// A store with a spool, and the folders of two services.
    private final class Store: Sendable {
        let folder: TemporaryFolder
        let old: SealedKey
        let new = SealedKey.random()

        var data: String { folder.file("data") }
        /// Has every key; and one that has two.
        var folders: [String] { [folder.file("all"), folder.file("inbound")] }

        init() async throws {
            folder = try TemporaryFolder()
            old = .random()
            for name in [data] + folders {
                try FileManager.default.createDirectory(atPath: name, withIntermediateDirectories: true)
            }
            let keys = PurposeKeys(master: old)
            try keys.write(to: folders[0])
            for purpose in [KeyPurpose.configuration, .accounts] {
                try KeyFile.write(keys.key(purpose), to: folders[1] + "/" + purpose.fileName)
            }
            let directory = try Directory.create(dataFolder: data, keys: keys)
            try StoreFile.spool.create(in: data, keys: keys, migrations: [])
            try await directory.addDomain("example.org", by: "test")
            for name in ["anna", "bert"] { try await add(name, to: directory) }
            try directory.close()
        }

        /// A copy.
        init(of other: Store) throws {
            (folder, old) = (try TemporaryFolder(), other.old)
            for (from, to) in zip([other.data] + other.folders, [data] + folders) {
                try FileManager.default.copyItem(atPath: from, toPath: to)
            }
        }

        @discardableResult
        func add(_ name: String, to directory: Directory) async throws -> AccountID {
            try await directory.addAccount(
                name + "@example.org", password: SecretBytes("correct horse".utf8), by: "test",
                makeFile: { _, _ in }
            ).id
        }

        /// As a service of the folder at that moment.
        func service(_ folder: Int = 0) throws -> Directory {
            try Directory(dataFolder: data, keys: PurposeKeys(folder: folders[folder]))
        }

        func rotation() throws -> MasterRotation {
            try MasterRotation(data: data, folders: folders, from: old, to: new)
        }

        /// Everything opens.
        func check(_ directory: Directory) async throws {
            for account in try await directory.accounts() { _ = try directory.fileKey(of: account.id) }
            if directory.keys.contains(.signing) {
                #expect(try await directory.signingKeys(domain: "example.org").count == 2)
                _ = try StoreFile.spool.key(in: data, keys: directory.keys)
            }
        }
    }

    private struct CutOff: Error {}

    @Test func everythingIsWrappedByTheNewKeyAndNothingByTheOld() async throws {
        let store = try await Store()
        let before = try store.service()
        let anna = try await before.account("anna@example.org").id
        let key = try before.fileKey(of: anna)
        #expect(try await store.rotation().run(by: "test") == 4)
        let after = try Directory(dataFolder: store.data, keys: PurposeKeys(master: store.new))
        #expect(try after.fileKey(of: anna) == key)
        try await store.check(after)
        // A service that held the old keys goes on, and so does one that starts now.
        try await store.check(before)
        try await store.check(store.service())
        try await store.check(store.service(1))
        let stale = PurposeKeys(master: store.old)
        #expect(throws: KeySlotError.refused(.configuration, identity: "config.db")) {
            try StoreFile.configuration.key(in: store.data, keys: stale)
        }
        for folder in store.folders {
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).allSatisfy { !$0.contains("next") })
        }
        // Once more changes nothing.
        #expect(try await store.rotation().run(by: "test") == 0)
        #expect(try await after.audit().contains { $0.action == "keys rotate" && $0.subject == "4 slots" })
    }

    /// Mail goes on arriving for an account whose own key no purpose key wraps, and that its owner opens as before.
    @Test func aZeroAccessAccountGoesOn() async throws {
        let store = try await Store()
        let before = try store.service()
        let (_, key) = try await before.protectWithoutFiles("anna@example.org", password: "correct horse")
        let anna = try await before.account("anna@example.org").id
        let place = try await before.arrivals(of: anna)
        #expect(try await store.rotation().run(by: "test") == 4)
        let after = try Directory(dataFolder: store.data, keys: PurposeKeys(master: store.new))
        for directory in [before, after] {
            #expect(try await directory.arrivals(of: anna)?.key == place?.key && place != nil)
            let identity = try await directory.authenticate(
                login: "anna@example.org", password: SecretBytes("correct horse".utf8))
            #expect(identity != nil)
            #expect(try directory.fileKey(of: anna).key == key)
        }
    }

    /// Cut off after each step: services of before, in between and after open everything, and the next run finishes it.
    @Test func aRunThatIsCutOffAnywhereIsFinishedByTheNext() async throws {
        let template = try await Store()
        var cut = 0
        while true {
            let store = try Store(of: template)
            let before = [try store.service(0), try store.service(1)]
            var steps = 0
            do {
                _ = try await store.rotation().run(
                    by: "test",
                    done: { _ in
                        steps += 1
                        if steps > cut { throw CutOff() }
                    })
                #expect(cut == 6 + 2 + 1 + 6)
                return
            } catch is CutOff {}
            let between = [try store.service(0), try store.service(1)]
            for directory in before + between { try await store.check(directory) }
            // What is added now is wrapped by what holds now.
            try await store.add("carl", to: between[0])
            try await store.check(before[1])
            _ = try await store.rotation().run(by: "test")
            try await store.add("dora", to: before[0])
            for directory in before + between { try await store.check(directory) }
            try await store.check(Directory(dataFolder: store.data, keys: PurposeKeys(master: store.new)))
            cut += 1
        }
    }

    @Test func anAccountIsNeverAddedUnderTheKeyOfBefore() async throws {
        let store = try await Store()
        // Its folder is not among those that are rotated.
        let forgotten = store.folder.file("forgotten")
        try FileManager.default.createDirectory(atPath: forgotten, withIntermediateDirectories: true)
        try PurposeKeys(master: store.old).write(to: forgotten)
        let directory = try Directory(dataFolder: store.data, keys: PurposeKeys(folder: forgotten))
        _ = try await store.rotation().run(by: "test")
        await #expect(throws: KeyError.rotated(.accounts)) { try await store.add("carl", to: directory) }
        await #expect(throws: KeyError.rotated(.signing)) { try await directory.addDomain("example.net", by: "test") }
        #expect(try await directory.accounts().count == 2)
        // Its keys come.
        for purpose in KeyPurpose.allCases { unlink(forgotten + "/" + purpose.fileName) }
        try PurposeKeys(master: store.new).write(to: forgotten)
        try await store.add("carl", to: directory)
        try await store.check(directory)
    }

    @Test func nothingIsChangedWhenSomethingDoesNotFit() async throws {
        let store = try await Store()
        func files() throws -> [String: Data] {
            var found: [String: Data] = [:]
            for folder in store.folders + [store.data] {
                for name in try FileManager.default.contentsOfDirectory(atPath: folder)
                where name.hasSuffix(".key") || name.hasSuffix(".slot") {
                    found[folder + "/" + name] = FileManager.default.contents(atPath: folder + "/" + name)
                }
            }
            return found
        }
        let before = try files()
        // Another installation's master key.
        let foreign = try MasterRotation(data: store.data, folders: store.folders, from: .random(), to: store.new)
        await #expect(throws: RotationError.foreignKey(store.folders[0] + "/configuration.key")) {
            try await foreign.run(by: "test")
        }
        let noKeys = store.folder.file("nothing")
        await #expect(throws: RotationError.noKeys(noKeys)) {
            try await MasterRotation(data: store.data, folders: [noKeys], from: store.old, to: store.new)
                .run(by: "test")
        }
        #expect(throws: RotationError.sameKey) {
            try MasterRotation(data: store.data, folders: store.folders, from: store.old, to: store.old)
        }
        // A slot that no key opens.
        let directory = try store.service()
        try await directory.pool.write { db in
            try db.execute(sql: "UPDATE account_slots SET slot = zeroblob(74) WHERE id = 2")
        }
        await #expect(throws: KeySlotError.self) { try await store.rotation().run(by: "test") }
        #expect(try files() == before)
        // One to another key was begun.
        try await directory.pool.write { db in try db.execute(sql: "DELETE FROM account_slots WHERE id = 2") }
        let other = try MasterRotation(data: store.data, folders: store.folders, from: store.old, to: .random())
        await #expect(throws: CutOff.self) {
            try await other.run(by: "test", done: { _ in throw CutOff() })
        }
        await #expect(throws: RotationError.self) { try await store.rotation().run(by: "test") }
        _ = try await other.run(by: "test")
    }

    @Test func twoRotationsDoNotRunAtOnce() async throws {
        let store = try await Store()
        let second = try store.rotation()
        _ = try await store.rotation().run(by: "test") {
            // The first holds the lock here.
            let held = open(store.data + "/rotation.lock", O_RDWR)
            defer { close(held) }
            #expect(flock(held, LOCK_EX | LOCK_NB) != 0)
        }
        #expect(try await second.run(by: "test") == 0)
    }

    /// A damaged slot costs a look at the folder and no more: the keys are read again only when a file is another.
    @Test func theFolderIsReadAnewOnlyWhenItChanged() async throws {
        let store = try await Store()
        let keys = try PurposeKeys(folder: store.folders[0])
        let tried = try keys.all(.accounts)
        #expect(keys.newer(than: tried, .accounts).isEmpty)
        let next = SealedKey.random()
        try KeyFile.write(next, to: store.folders[0] + "/accounts.next.key")
        #expect(keys.newer(than: tried, .accounts) == tried + [next])
        #expect(try keys.key(.accounts) == tried[0], "the present key wraps until the next takes its place")
        #expect(keys.newer(than: tried + [next], .accounts).isEmpty)
        #expect(rename(store.folders[0] + "/accounts.next.key", store.folders[0] + "/accounts.key") == 0)
        #expect(keys.newer(than: tried + [next], .accounts) == [next] + tried)
        // A folder that cannot be read takes nothing away.
        unlink(store.folders[0] + "/accounts.key")
        try Data("no key".utf8).write(to: URL(fileURLWithPath: store.folders[0] + "/accounts.key"))
        #expect(try keys.all(.accounts) == [next] + tried)
        #expect(keys.newer(than: [next] + tried, .accounts).isEmpty)
    }
}
