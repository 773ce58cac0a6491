// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

@testable import BackupEngine

/// Through the real rclone; its storage is a folder here, S3 is in Tests/EndToEnd/backup.py.
struct RcloneTests {
    private func place(_ world: World) throws -> RepositoryPlace {
        let configuration = world.folder.file("rclone.conf")
        try Data("[here]\ntype = local\n".utf8).write(to: URL(fileURLWithPath: configuration))
        var place = try RepositoryPlace("here:" + world.folder.file("remote"), rcloneConfiguration: configuration)
        place.staging = world.folder.file("staging")
        return place
    }

    @Test func whatDoesNotFitIntoTheStagingGoesUpInBatches() async throws {
        let world = try await World()
        // More than three chunks, of bytes that no chunk has twice.
        try await world.deliver(
            (0..<6).map { _ in (0..<80_000).map { _ in "\(UInt32.random(in: 0 ... .max))" }.joined() }, to: World.anna)
        var place = try place(world)
        place.stagingLimit = 1
        let manifest = try world.backUp(to: place)
        #expect(manifest.files.contains { $0.chunkNames.count > 3 })
        let repository = try place.open(world.backupKeys.repository)
        #expect(try Verification().run(repository, nil)[0].damaged.isEmpty)
        let data = world.folder.file("new")
        let report = try await RestoreAll(data: data, keys: world.folder.file("k"))
            .run(RestoreSource(place, world.recovery, backup: nil))
        #expect(report.accounts == 2)
        #expect(try await world.inbox(of: World.anna, in: data).texts == world.inbox(of: World.anna).texts)
        _ = try repository.tidy(Retention(daily: 1, weekly: 0, monthly: 0))
        #expect(try repository.backups() == [manifest.id])
    }

    @Test func aDamagedChunkIsWrittenAnewThere() async throws {
        let world = try await World()
        try await world.deliver(["one"], to: World.anna)
        let place = try place(world)
        let manifest = try world.backUp(to: place)
        let repository = try place.open(world.backupKeys.repository)
        let chunks = try manifest.files.filter { $0.path.hasPrefix("accounts/") }.map {
            try #require($0.chunkNames.first)
        }
        // Of one account a byte, of the other all bytes: a remote answers nothing then, as if it were not there.
        for (index, chunk) in chunks.enumerated() {
            let path = world.folder.file("remote/" + chunk.object)
            var bytes = try #require(FileManager.default.contents(atPath: path))
            bytes[100] ^= 1
            try (index == 0 ? bytes : Data()).write(to: URL(fileURLWithPath: path))
        }
        #expect(try Verification().run(repository, nil)[0].damaged.count == 2)
        #expect(try repository.damagedChunks() == Set(chunks))
        try world.backUp(to: place)
        #expect(try Verification().run(repository, nil).map(\.damaged) == [[], []])
        #expect(try repository.damagedChunks().isEmpty)
    }

    @Test func anotherRunKeepsOutUntilItsLockExpires() async throws {
        let world = try await World()
        let place = try place(world)
        try world.backUp(to: place)
        let folder = world.folder.file("remote/locks")
        let store = try place.store()
        try store.lock(alone: true)
        #expect(throws: BackupError.inUse(place.text)) { try world.backUp(to: place) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 1, "only its own was taken back")
        store.unlock()
        // Of a run that died an hour ago.
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data("\(Int(Date().timeIntervalSince1970) - 5)".utf8).write(to: URL(fileURLWithPath: folder + "/alone-1"))
        try world.backUp(to: place)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
        // Those who read do not keep each other out.
        let (one, two) = (try place.store(), try place.store())
        try one.lock(alone: false)
        try two.lock(alone: false)
        #expect(throws: BackupError.inUse(place.text)) { try world.backUp(to: place) }
    }

    @Test func aRemoteThatFailsIsToldInItsWords() async throws {
        let world = try await World()
        let configuration = world.folder.file("rclone.conf")
        try Data(
            "[s3]\ntype = s3\nprovider = Other\nendpoint = http://127.0.0.1:1\naccess_key_id = k\nsecret_access_key = s3cret-key\n"
                .utf8
        )
        .write(to: URL(fileURLWithPath: configuration))
        #expect(throws: BackupError.self) { try RepositoryPlace("s3:bucket") }
        #expect(throws: BackupError.self) { try RepositoryPlace("nowhere") }
        let missing = try RepositoryPlace("unknown:bucket", rcloneConfiguration: configuration)
        #expect {
            try world.backUp(to: missing)
        } throws: { error in
            let words = "\(error)"
            return words.contains("unknown") && !words.contains("s3cret-key")
        }
    }
}
