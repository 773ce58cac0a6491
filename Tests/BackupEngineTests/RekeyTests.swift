// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import MailStore
import Synchronization
import Testing

@testable import BackupEngine

/// Backups of accounts whose files get new names and keys.
@Suite struct RekeyTests {
    /// A backup that can stop at each piece that it reads, on a thread that may wait.
    private func backUp(
        _ world: World, at piece: @escaping @Sendable (_ number: Int, Directory) async throws -> Void
    ) async throws -> Manifest {
        let directory = try Directory(dataFolder: world.data, keys: world.keys)
        let run = try BackupRun(
            data: world.data, place: world.place, keys: world.backupKeys, retention: nil, release: "test")
        let pieces = Atomic(0)
        let control = JobControl { progress in
            guard progress.stage == "reading" else { return }
            let number = pieces.add(1, ordering: .relaxed).newValue
            let done = DispatchSemaphore(value: 0)
            Task {
                do { try await piece(number, directory) } catch { Issue.record(error) }
                done.signal()
            }
            done.wait()
        }
        let manifest = try await withCheckedThrowingContinuation { answer in
            Thread.detachNewThread { answer.resume(with: Result { try run.run(control) }) }
        }
        try directory.close()
        return manifest
    }

    private func rekey(_ address: String, _ world: World, _ directory: Directory) async throws {
        let account = try await directory.account(address).id
        try await directory.rekey(account, filesIn: world.data + "/accounts", by: "test")
    }

    private func expectAll(_ world: World, anna: Int, bert: Int) async throws {
        let data = world.folder.file("new")
        let report = try await RestoreAll(data: data, keys: world.folder.file("k")).run(world.source())
        #expect(report.accounts == 2 && report.withoutFile.isEmpty && report.damaged.isEmpty)
        #expect(try await world.inbox(of: World.anna, in: data).texts.count == anna)
        #expect(try await world.inbox(of: World.bert, in: data).texts.count == bert)
        // Each account has the one file that came back.
        let directory = try Directory(dataFolder: data, keys: world.keys)
        let named = try await directory.namedFiles()
        let files = try FileManager.default.contentsOfDirectory(atPath: data + "/accounts")
        #expect(Set(files.filter { $0.hasSuffix(".db") }) == Set(named.map { "\($0).db" }))
        #expect(named.count == 2)
        try directory.close()
    }

    /// At every piece that the backup reads one account or the other gets a new file, for a while.
    @Test(arguments: [1, 2, 3, 7])
    func aBackupIsWholeWhateverIsKeyedAnewMeanwhile(first: Int) async throws {
        let world = try await World()
        try await world.deliver(["one", "two"], to: World.anna)
        try await world.deliver(["three"], to: World.bert)
        let manifest = try await backUp(world) { number, directory in
            guard number >= first, number < first + 6 else { return }
            try await rekey(number % 2 == 0 ? World.anna : World.bert, world, directory)
        }
        #expect(manifest.isComplete)
        try await expectAll(world, anna: 2, bert: 1)
    }

    @Test func aBackupFromBeforeComesBackIntoAStoreThatIsKeyedAnew() async throws {
        let world = try await World()
        try await world.deliver(["one"], to: World.anna)
        let before = try world.backUp()
        try await world.deliver(["two"], to: World.anna)
        let marks = try await world.inbox(of: World.anna).state
        let directory = try Directory(dataFolder: world.data, keys: world.keys)
        try await rekey(World.anna, world, directory)
        try directory.close()
        // One account, under the file that it has now.
        let report = try await RestoreAccount(data: world.data, address: World.anna, actor: "test")
            .run(world.source(before.id), keys: world.keys)
        #expect(!report.wasAbsent)
        let restored = try await world.inbox(of: World.anna)
        #expect(restored.texts.count == 1 && restored.state.uidNext > marks.uidNext)
        // The whole store: what was given out by the file of the other name is not given out again.
        try await world.deliver(["three"], to: World.anna)
        let later = try await world.inbox(of: World.anna).state
        var all = RestoreAll(data: world.data, keys: world.folder.file("keys"))
        all.replace = true
        _ = try await all.run(world.source(before.id))
        let again = try await world.inbox(of: World.anna)
        #expect(again.texts.count == 1)
        #expect(again.state.uidNext > later.uidNext && again.state.highestModseq > later.highestModseq)
    }
}
