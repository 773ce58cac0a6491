// SPDX-License-Identifier: Apache-2.0
import Foundation
import SealedSQLite
import TestSupport
import Testing

@testable import BackupEngine

struct RepositoryTests {
    @Test func unchangedFilesCostNothingAndEveryBackupStaysWhole() async throws {
        let world = try await World()
        try await world.deliver((0..<40).map { "first \($0) " + String(repeating: "x", count: 5_000) }, to: World.anna)
        let first = try world.backUp(now: Date(timeIntervalSinceNow: -86_400))
        let objects = try chunks(world)
        let again = try world.backUp()
        #expect(try chunks(world) == objects, "nothing changed")
        try await world.deliver(["second"], to: World.bert)
        let third = try world.backUp()
        #expect(try chunks(world).count > objects.count)
        let repository = try world.place.open(world.backupKeys.repository)
        #expect(try repository.backups() == [first.id, again.id, third.id])
        for outcome in try Verification().run(repository, nil) { #expect(outcome.damaged.isEmpty) }
        #expect(try repository.summaries().allSatisfy { $0.verified != nil && $0.files == 6 })
        // Only the newest stays, with all that it needs and nothing more.
        _ = try repository.tidy(Retention(daily: 1, weekly: 0, monthly: 0))
        #expect(try repository.backups().count == 1)
        #expect(try Verification().run(repository, nil).allSatisfy(\.damaged.isEmpty))
        let needed = Set(try repository.manifest(newestOr: nil).files.flatMap(\.chunkNames).map(\.hex))
        #expect(try Set(chunks(world).map { ($0 as NSString).lastPathComponent }) == needed)
    }

    @Test func backupsOfOneSecondAreInOrder() async throws {
        let world = try await World()
        let now = Date()
        let made = try (0..<5).map { _ in try world.backUp(now: now).id }
        let repository = try world.place.open(world.backupKeys.repository)
        #expect(try repository.backups() == made)
        // One that was made under a clock that is years ahead does not draw the others after it.
        let (future, today) = (Manifest.id(at: 4_000_000_000), Manifest.id(at: 1_800_000_000))
        #expect(Manifest.id(at: 1_800_000_000, after: future).prefix(16) == today.prefix(16))
    }

    private func chunks(_ world: World) throws -> Set<String> {
        let root = try world.place.text + "/chunks"
        return Set(
            FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String }.filter { $0.count > 60 } ?? [])
    }

    @Test func nothingInItIsInClear() async throws {
        let world = try await World()
        try await world.deliver(["Zwetschgen-marker"], to: World.anna)
        let settings = world.folder.file("settings.env")
        try Data("SECRET=Zwetschgen-marker\n".utf8).write(to: URL(fileURLWithPath: settings))
        _ = try BackupRun(
            data: world.data, settings: [settings], place: world.place, keys: world.backupKeys, retention: nil,
            release: "test"
        ).run()
        let root = try world.place.text
        for case let name as String in try #require(FileManager.default.enumerator(atPath: root)) {
            guard let content = FileManager.default.contents(atPath: root + "/" + name) else { continue }
            for secret in ["Zwetschgen", "example.org", "anna", "accounts/", "config.db", "settings.env"] {
                #expect(content.range(of: Data(secret.utf8)) == nil, "\(name) has \(secret) in clear")
                #expect(!name.contains(secret))
            }
        }
    }

    @Test func damageIsFoundAndTold() async throws {
        let world = try await World()
        try await world.deliver(["a"], to: World.anna)
        let manifest = try world.backUp(now: Date(timeIntervalSinceNow: -86_400))
        let root = try world.place.text
        let repository = try world.place.open(world.backupKeys.repository)
        let file = try #require(manifest.files.first { $0.path.hasPrefix("accounts/") })
        let path = root + "/" + file.chunkNames[0].object
        let good = try #require(FileManager.default.contents(atPath: path))
        func isCalledVerified() throws -> Bool { try repository.summaries().first?.verified != nil }
        #expect(try Verification().run(repository, nil)[0].damaged.isEmpty)
        #expect(try isCalledVerified())
        for index in [0, 1, 2, 30, good.count / 2, good.count - 1] {
            var bad = good
            bad[index] ^= 1
            try bad.write(to: URL(fileURLWithPath: path))
            let outcome = try Verification().run(repository, nil)[0]
            #expect(outcome.damaged.count == 1 && outcome.damaged[0].hasPrefix(file.path))
            #expect(try !isCalledVerified())
        }
        // Another chunk in its place.
        let other = try #require(manifest.file("config.db")).chunkNames[0].object
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.copyItem(atPath: root + "/" + other, toPath: path)
        #expect(try Verification().run(repository, nil)[0].damaged.count == 1)
        try FileManager.default.removeItem(atPath: path)
        #expect(try Verification().run(repository, manifest.id)[0].damaged[0].contains("missing"))
        try good.write(to: URL(fileURLWithPath: path))
        #expect(try Verification().run(repository, nil)[0].damaged.isEmpty)
        // A manifest that cannot be read stops every removal.
        let second = try world.backUp()
        let manifestPath = root + "/backups/" + second.id
        var bytes = try #require(FileManager.default.contents(atPath: manifestPath))
        bytes[50] ^= 1
        try bytes.write(to: URL(fileURLWithPath: manifestPath))
        let before = try chunks(world)
        #expect(throws: BackupError.damaged("backups/" + second.id)) { try repository.tidy(Retention(daily: 9)) }
        #expect(try chunks(world) == before)
    }

    @Test func whatAVerificationFoundDamagedIsWrittenAnewByTheNextRun() async throws {
        let world = try await World()
        try await world.deliver(
            (0..<4).map { _ in (0..<80_000).map { _ in "\(UInt32.random(in: 0 ... .max))" }.joined() }, to: World.anna)
        let older = try world.backUp(now: Date(timeIntervalSinceNow: -86_400))
        let newer = try world.backUp()
        let file = try #require(newer.files.first { $0.chunkNames.count > 3 })
        let root = try world.place.text
        let repository = try world.place.open(world.backupKeys.repository)
        // One byte, cut short, too long, gone.
        for (index, name) in file.chunkNames.prefix(4).enumerated() {
            let path = root + "/" + name.object
            var bytes = try #require(FileManager.default.contents(atPath: path))
            switch index {
            case 0: bytes[50] ^= 1
            case 1: bytes.removeLast(100)
            case 2: bytes += Data(count: 1 << 20)
            default: try FileManager.default.removeItem(atPath: path)
            }
            if index < 3 { try bytes.write(to: URL(fileURLWithPath: path)) }
        }
        try world.backUp()
        #expect(try Verification().run(repository, nil).filter { !$0.damaged.isEmpty }.count == 3)
        #expect(try repository.damagedChunks() == Set(file.chunkNames.prefix(3)))
        try world.backUp()
        let outcomes = try Verification().run(repository, nil)
        #expect(outcomes.count == 4 && outcomes.allSatisfy(\.damaged.isEmpty), "\(outcomes)")
        #expect(outcomes.map(\.backup).contains(older.id))
        #expect(try repository.damagedChunks().isEmpty)
    }

    @Test func oneRunAtATimeAndTheRightKeys() async throws {
        let world = try await World()
        try world.backUp()
        let store = try world.place.store()
        try store.lock(alone: true)
        #expect(throws: BackupError.inUse(try world.place.text)) { try world.backUp() }
        #expect(throws: BackupError.inUse(try world.place.text)) { try world.source() }
        store.unlock()
        let reading = try world.source()
        #expect(throws: BackupError.inUse(try world.place.text)) { try world.backUp() }
        withExtendedLifetime(reading) {}
        let (others, otherRecovery) = try BackupKeys.make(master: .random())
        #expect(throws: BackupError.foreignRepository(try world.place.text)) { try world.place.open(others.repository) }
        #expect(throws: BackupError.wrongRecoveryKey) { try world.place.open(otherRecovery) }
        #expect(throws: BackupError.noRepository(world.folder.file("nowhere"))) {
            try RepositoryPlace(world.folder.file("nowhere")).open(world.backupKeys.repository)
        }
        // A folder with something else in it is not taken over, nor one within the store.
        for place in [world.keysFolder, world.data + "/backups"] {
            #expect(throws: BackupError.self) {
                try BackupRun(
                    data: world.data, place: RepositoryPlace(place), keys: world.backupKeys, retention: nil,
                    release: "test"
                ).run()
            }
        }
    }

    @Test func anAccountThatCannotBeReadSpoilsNoOther() async throws {
        let world = try await World()
        try await world.deliver(["kept"], to: World.anna)
        let id = try await world.open(World.bert) { _, directory in try await directory.account(World.bert).id }
        let path = "\(world.data)/accounts/\(id).db"
        try Data(repeating: 1, count: 9_000).write(to: URL(fileURLWithPath: path))
        #expect {
            try world.backUp()
        } throws: { error in
            guard case .incomplete(_, let files) = error as? BackupError else { return false }
            return files.count == 1 && files[0].contains("not a sealed file")
        }
        let repository = try world.place.open(world.backupKeys.repository)
        #expect(try repository.summaries().map(\.incomplete) == [true])
        let restored = world.folder.file("restored")
        let report = try await RestoreAll(data: restored, keys: world.folder.file("keys2")).run(world.source())
        #expect(report.accounts == 1 && report.withoutFile == [World.bert])
        #expect(try await world.inbox(of: World.anna, in: restored).texts.count == 1)
    }

    @Test func anIncompleteBackupTakesNoCompleteOneAway() async throws {
        let world = try await World()
        let midnight = Date(timeIntervalSince1970: 1_795_824_000)
        let complete = try world.backUp(now: midnight)
        let id = try await world.open(World.bert) { _, directory in try await directory.account(World.bert).id }
        let path = "\(world.data)/accounts/\(id).db"
        let good = try Data(contentsOf: URL(fileURLWithPath: path))
        try Data(repeating: 1, count: 9_000).write(to: URL(fileURLWithPath: path))
        let repository = try world.place.open(world.backupKeys.repository)
        for second in 1...2 {
            #expect(throws: BackupError.self) {
                try world.backUp(keeping: Retention("7d"), now: midnight + Double(second))
            }
        }
        #expect(try repository.backups().count == 3, "nothing is removed after a run that left something out")
        _ = try repository.tidy(#require(Retention("7d")))
        let kept = try repository.summaries()
        #expect(kept.map(\.incomplete) == [true, false] && kept.last?.id == complete.id)
        #expect(try Verification().run(repository, complete.id)[0].damaged.isEmpty)
        // Readable again: the next complete one stands for the day alone.
        try good.write(to: URL(fileURLWithPath: path))
        let whole = try world.backUp(keeping: Retention("7d"), now: midnight + 3)
        #expect(try repository.backups() == [whole.id])
    }

    @Test func removalNeedsNoVerificationAndFinishesWhatWasCutShort() async throws {
        let world = try await World()
        let midnight = Date(timeIntervalSince1970: 1_795_824_000)
        let old = try world.backUp(now: midnight)
        try await world.deliver(["new " + String(repeating: "x", count: 5_000)], to: World.anna)
        let newer = try world.backUp(keeping: Retention("7d"), now: midnight + 1)
        let repository = try world.place.open(world.backupKeys.repository)
        #expect(try repository.backups() == [newer.id])
        func needed(_ manifest: Manifest) -> Set<String> { Set(manifest.files.flatMap(\.chunkNames).map(\.hex)) }
        func there() throws -> Set<String> { Set(try chunks(world).map { ($0 as NSString).lastPathComponent }) }
        #expect(try there() == needed(newer) && needed(old) != needed(newer))

        // A removal that got no further than its manifest.
        try repository.noteVerified(newer.id, at: 1)
        try await world.deliver(["more " + String(repeating: "y", count: 5_000)], to: World.anna)
        try FileManager.default.removeItem(atPath: try world.place.text + "/backups/" + newer.id)
        let last = try world.backUp(keeping: Retention("7d"), now: midnight + 2)
        #expect(try there() == needed(last) && repository.verifiedBackups().isEmpty)
    }
}
