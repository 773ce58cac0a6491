// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import MailStore
import TestSupport
import Testing

@testable import BackupEngine

/// Which backup is taken when none is named.
struct RestoreChoiceTests {
    /// Puts something else in the place of an account's file, so that a backup cannot read it; what was there can be put back.
    private func spoil(_ address: String, _ world: World) async throws -> (path: String, good: Data) {
        let id = try await world.open(World.bert) { _, directory in try await directory.account(address).id }
        let path = "\(world.data)/accounts/\(id).db"
        let good = try #require(FileManager.default.contents(atPath: path))
        try Data(repeating: 1, count: 9_000).write(to: URL(fileURLWithPath: path))
        return (path, good)
    }

    /// Its id.
    private func backUpIncompletely(_ world: World, after seconds: TimeInterval) throws -> String {
        do {
            _ = try world.backUp(now: Date(timeIntervalSinceNow: seconds))
        } catch BackupError.incomplete(let id, _) { return id }
        throw BackupError.refused("the backup is complete")
    }

    @Test func ofTheWholeStoreTheNewestSetsNobodyBack() async throws {
        let world = try await World()
        try await world.deliver(["one"], to: World.anna)
        let complete = try world.backUp(now: Date(timeIntervalSinceNow: -120))
        try await world.deliver(["two"], to: World.anna)
        _ = try await spoil(World.bert, world)
        let lacking = try backUpIncompletely(world, after: -60)
        #expect(try world.source().manifest.id == lacking)
        // Without the mail that was on its way it is not the whole store.
        try Data(repeating: 1, count: 9_000).write(to: URL(fileURLWithPath: world.data + "/spool.db"))
        let without = try backUpIncompletely(world, after: 0)
        let source = try world.source()
        #expect(source.manifest.id == lacking)
        #expect(source.passedOver.map(\.backup) == [without] && source.passedOver[0].why.contains("spool.db"))
        let data = world.folder.file("new")
        let report = try await RestoreAll(data: data, keys: world.folder.file("k")).run(source)
        #expect(report.backup == lacking && report.withoutFile == [World.bert] && report.missing.count == 1)
        #expect(report.passedOver == source.passedOver)
        #expect(try await world.inbox(of: World.anna, in: data).texts.count == 2)
        // The one that is named is taken.
        let named = try world.source(complete.id)
        #expect(named.manifest.id == complete.id && named.passedOver.isEmpty && named.manifest.missing.isEmpty)
    }

    @Test func theNewestWhenEachLacksOne() async throws {
        let world = try await World()
        _ = try await spoil(World.bert, world)
        _ = try backUpIncompletely(world, after: -60)
        let newest = try backUpIncompletely(world, after: 0)
        let report = try await RestoreAll(data: world.folder.file("new"), keys: world.folder.file("k"))
            .run(world.source())
        #expect(report.backup == newest && report.passedOver.isEmpty)
        #expect(report.missing.count == 1 && report.withoutFile == [World.bert])
    }

    @Test func ofOneAccountTheNewestThatHasItWhole() async throws {
        let world = try await World()
        try await world.deliver(["one"], to: World.anna)
        try await world.deliver(["one"], to: World.bert)
        let first = try world.backUp(now: Date(timeIntervalSinceNow: -60)).id
        try await world.deliver(["two"], to: World.anna)
        let (path, good) = try await spoil(World.bert, world)
        let second = try backUpIncompletely(world, after: 0)
        try good.write(to: URL(fileURLWithPath: path))
        // It lacks only the other.
        let anna = try await restore(World.anna, world)
        #expect(anna.backup == second && anna.passedOver.isEmpty)
        #expect(try await world.inbox(of: World.anna).texts.count == 2)
        let bert = try await restore(World.bert, world)
        #expect(bert.backup == first && bert.passedOver.map(\.backup) == [second])
        // One that was removed before the newest backup.
        try await world.open(World.anna) { _, directory in
            try await directory.removeAccount(World.bert, filesIn: world.data + "/accounts", by: "test")
        }
        let third = try world.backUp(now: Date(timeIntervalSinceNow: 60)).id
        let removed = try await restore(World.bert, world)
        #expect(removed.backup == first && removed.passedOver.map(\.backup) == [third, second])
        #expect(try await world.inbox(of: World.bert).texts.count == 1)
        await #expect {
            try await restore("nobody@example.org", world)
        } throws: {
            "\($0)".contains("no backup has nobody@example.org whole")
        }
        await #expect {
            try await restore(World.bert, world, backup: third)
        } throws: {
            "\($0)".contains("no such account")
        }
    }

    /// Nobody verified it: it is found when it is read.
    @Test func anAccountThatIsDamagedInTheNewest() async throws {
        let world = try await World()
        try await world.deliver(["one"], to: World.bert)
        let first = try world.backUp(now: Date(timeIntervalSinceNow: -60))
        try await world.deliver(["two"], to: World.bert)
        let second = try world.backUp()
        let older = Set(first.files.flatMap(\.chunkNames))
        let id = try await world.open(World.bert) { _, directory in try await directory.account(World.bert).id }
        let chunk = try #require(second.file("accounts/\(id).db")?.chunkNames.first { !older.contains($0) })
        try FileManager.default.removeItem(atPath: "\(world.place.text)/\(chunk.object)")
        let report = try await restore(World.bert, world)
        #expect(report.backup == first.id && report.passedOver.map(\.backup) == [second.id])
        #expect(try await world.inbox(of: World.bert).texts.count == 1)
    }

    private func restore(_ address: String, _ world: World, backup: String? = nil) async throws
        -> RestoreAccount.Report
    {
        try await RestoreAccount(data: world.data, address: address, actor: "test")
            .run(world.source(backup), keys: world.keys)
    }
}
