// SPDX-License-Identifier: Apache-2.0
import Accounts
import CalendarStore
import Foundation
import MailStore
import SealedSQLite
import TestSupport
import Testing

@testable import BackupEngine

/// One account brought back, into a store that is in use.
struct RestoreAccountTests {
    @Test func anAccountComesBackUnderAnOpenSessionAndGivesNothingOutTwice() async throws {
        let world = try await World()
        try await world.deliver(["kept 1", "kept 2"], to: World.anna)
        try await world.open(World.anna) { store, _ in _ = try await CalendarStore(store).collections(.calendar) }
        try world.backUp()
        let (data, anna) = (world.data, World.anna)
        try await world.open(anna) { session, directory in
            // After the backup: one message more, one gone, a mailbox made anew, an event.
            let lost = try await session.deliver(Array("Subject: lost\r\n\r\nlost\r\n".utf8))
            let inbox = try await session.select(.inbox)
            _ = try await session.expunge([1], in: inbox.id)
            let known = try await session.select(.inbox)
            let calendars = CalendarStore(session)
            _ = try await calendars.put(
                .calendar, "calendar",
                NewObject(name: "e", uid: "e", data: [1], index: .calendar(component: "VEVENT", start: 0, end: 1)))
            let token = try await calendars.collection(.calendar, "calendar").syncToken
            let bert = try await directory.account(World.bert).id

            let restore = RestoreAccount(data: data, address: anna, actor: "test")
            let report = try await restore.run(world.source(), keys: world.keys)
            #expect(!report.wasAbsent)
            // The open session finds the mailbox gone, and the content is the backup's.
            await #expect(throws: StoreError.noSuchMailbox) {
                try await session.changes(in: known.id, since: known.state)
            }
            let now = try await session.select(.inbox)
            #expect(now.messages.uids == [1, 2])
            #expect(now.state.uidNext > lost.uid + 1 && now.state.highestModseq > known.state.highestModseq)
            #expect(now.state.uidValidity == known.state.uidValidity)
            #expect(now.messages.modseqs.allSatisfy { $0 > known.state.highestModseq })
            #expect(try await session.deliver(Array("Subject: new\r\n\r\nnew\r\n".utf8)).uid >= now.state.uidNext)
            // What the client knew of the lost time is told as gone to whoever asks from that state.
            await #expect(throws: CollectionError.invalidSyncToken) {
                try await calendars.changes(.calendar, "calendar", since: token, limit: 10)
            }
            // The replaced content is there, sealed, with the lost message; additions are possible in it again.
            let copy = try #require(report.replaced)
            let id = try await directory.account(anna).id
            let key = try directory.fileKey(of: id).key
            let name = (copy as NSString).deletingLastPathComponent + "/\(bert).db"
            try FileManager.default.moveItem(atPath: copy, toPath: name)
            let files = AccountDirectory(root: (copy as NSString).deletingLastPathComponent) { AccountFileKey($0, key) }
            let old = try await files.store(for: bert)
            #expect(try await old.select(.inbox).messages.uids == [2, 3])
            #expect(try await old.integrityProblems().isEmpty)
            await files.close()
        }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: world.data + "/accounts").allSatisfy {
                !$0.contains("restoring")
            })
    }

    @Test func aRemovedAndADestroyedAccountComeBack() async throws {
        let world = try await World()
        try await world.deliver(["mine"], to: World.anna)
        try await world.deliver(["other"], to: World.bert)
        try world.backUp()
        let bert = try await world.open(World.bert) { _, directory in
            _ = try await directory.removeAccount(World.anna, by: "test")
            return try await directory.account(World.bert).id
        }
        let removed = try await RestoreAccount(data: world.data, address: World.anna, actor: "test")
            .run(world.source(), keys: world.keys)
        #expect(removed.wasAbsent && removed.replaced == nil)
        // Every file that a restore made can be backed up before anyone opened it.
        try world.backUp()
        #expect(try await world.inbox(of: World.anna).texts.count == 1)
        let login = try await world.open(World.anna) { _, directory in
            try await directory.authenticate(login: World.anna, password: SecretBytes("long enough".utf8))
        }
        #expect(login?.address == World.anna)
        // Its file gone, then damaged.
        for damage in [nil, Data(repeating: 7, count: 20_000)] {
            let path = "\(world.data)/accounts/\(bert).db"
            for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
            try damage?.write(to: URL(fileURLWithPath: path))
            let report = try await RestoreAccount(data: world.data, address: World.bert, actor: "test")
                .run(world.source(), keys: world.keys)
            #expect(!report.wasAbsent && (report.replaced != nil) == (damage != nil))
            try world.backUp()
            #expect(try await world.inbox(of: World.bert).texts.count == 1)
        }
        // One page of it damaged: it opens, and cannot be copied by SQLite.
        let path = "\(world.data)/accounts/\(bert).db"
        var bytes = try #require(FileManager.default.contents(atPath: path))
        for page in 5..<bytes.count / 4_096 { bytes[page * 4_096 + 100] ^= 1 }
        try bytes.write(to: URL(fileURLWithPath: path))
        let mended = try await RestoreAccount(data: world.data, address: World.bert, actor: "test")
            .run(world.source(), keys: world.keys)
        #expect(mended.replaced != nil)
        #expect(try await world.inbox(of: World.bert).texts.count == 1)
        // Beside the one that is there.
        let beside = try await RestoreAccount(
            data: world.data, address: World.bert, newAddress: "old-bert@example.org", actor: "test"
        ).run(world.source(), keys: world.keys)
        #expect(beside.wasAbsent)
        try world.backUp()
        #expect(try await world.inbox(of: "old-bert@example.org").texts.count == 1)
        await #expect(throws: DirectoryError.addressTaken("anna@example.org")) {
            try await RestoreAccount(data: world.data, address: World.bert, newAddress: World.anna, actor: "test")
                .run(world.source(), keys: world.keys)
        }
    }

    // MARK: What config.db has of it

    private static let alias = "sales@example.org"
    private let password = SecretBytes("long enough".utf8)

    /// Anna with everything that config.db may have of an account.
    private func world() async throws -> (World, AppPassword) {
        let world = try await World()
        try await world.deliver(["mine"], to: World.anna)
        let app = try await world.open(World.anna) { _, directory in
            try await directory.setQuota(of: World.anna, to: .bytes(50_000_000), by: "test")
            try await directory.setAdministrator(World.anna, true, by: "test")
            try await directory.addAlias(Self.alias, to: [World.anna], by: "test")
            try await directory.addAlias("all@example.org", to: [World.bert, Self.alias], by: "test")
            try await directory.addAlias("shop@example.org", to: [Self.alias], by: "test")
            return try await directory.addAppPassword(of: World.anna, label: "telephone", by: "test")
        }
        return (world, app)
    }

    private func aliases(_ world: World) async throws -> [String: Set<String>] {
        try await world.open(World.bert) { _, directory in
            try await directory.aliases().reduce(into: [:]) { $0[$1.address] = Set($1.targets) }
        }
    }

    private func restore(_ world: World, as address: String? = nil) async throws -> RestoreAccount.Report {
        try await RestoreAccount(data: world.data, address: World.anna, newAddress: address, actor: "test")
            .run(world.source(), keys: world.keys)
    }

    @Test func aRemovedAccountHasAllThatItHad() async throws {
        let (world, app) = try await world()
        let (before, led) = try await world.open(World.anna) { _, directory in
            (try await directory.account(World.anna), try await directory.aliases())
        }
        let file = try await world.open(World.anna) { _, directory in try directory.fileKey(of: before.id) }
        try world.backUp()
        try await world.open(World.bert) { _, directory in
            try await directory.removeAccount(World.anna, filesIn: world.data + "/accounts", by: "test")
        }
        #expect(try await aliases(world) == ["all@example.org": [World.bert]])
        let report = try await restore(world)
        #expect(report.wasAbsent && report.replaced == nil && report.aliasesGone.isEmpty)
        let password = password
        try await world.open(World.anna) { _, directory in
            let after = try await directory.account(World.anna)
            #expect(after == before)
            #expect(try await directory.aliases() == led)
            #expect(try directory.fileKey(of: before.id) == file)
            for good in [password, SecretBytes(app.text.utf8)] {
                #expect(try await directory.authenticate(login: World.anna, password: good)?.id == before.id)
            }
            #expect(try await directory.appPasswords(of: World.anna).map(\.label) == ["telephone"])
        }
        try world.backUp()
        // Nothing is left in the folders.
        let names = try FileManager.default.contentsOfDirectory(atPath: world.data + "/accounts")
        #expect(names.filter { $0.hasSuffix(".db") }.count == 2 && !names.contains("restoring"))
    }

    @Test func anAliasOfSomebodyElseStaysTheirs() async throws {
        let (world, _) = try await world()
        try world.backUp()
        try await world.open(World.bert) { _, directory in
            try await directory.removeAccount(World.anna, filesIn: world.data + "/accounts", by: "test")
            try await directory.addAlias("shop@example.org", to: [World.bert], by: "test")
        }
        try await world.addAccount(Self.alias, Directory(dataFolder: world.data, keys: world.keys))
        let report = try await restore(world)
        // The way over the address of an account that is there now leads to that account.
        #expect(Set(report.aliasesGone) == [Self.alias, "shop@example.org", "all@example.org"])
        #expect(try await aliases(world) == ["all@example.org": [World.bert], "shop@example.org": [World.bert]])
    }

    /// An alias that led to the account, went with it and was made anew for somebody else gets no second target.
    @Test func anAliasThatWasMadeSinceIsAnother() async throws {
        let (world, _) = try await world()
        try world.backUp()
        try await world.open(World.bert) { _, directory in
            try await directory.removeAccount(World.anna, filesIn: world.data + "/accounts", by: "test")
        }
        let tomorrow = try Directory(dataFolder: world.data, keys: world.keys) { Date(timeIntervalSinceNow: 86_400) }
        try await tomorrow.addAlias(Self.alias, to: [World.bert], by: "test")
        try tomorrow.close()
        let report = try await restore(world)
        #expect(report.aliasesGone.contains(Self.alias))
        #expect(try await aliases(world)[Self.alias] == [World.bert])
    }

    @Test func whereItIsItsSettingsOfTodayStay() async throws {
        let (world, app) = try await world()
        try world.backUp()
        let new = SecretBytes("another one".utf8)
        try await world.open(World.anna) { _, directory in
            try await directory.setQuota(of: World.anna, to: .byDomain, by: "test")
            try await directory.setPassword(of: World.anna, to: new, by: "test")
            try await directory.removeAppPassword(of: World.anna, label: "telephone", by: "test")
            try await directory.removeAlias("shop@example.org", by: "test")
        }
        let before = try await aliases(world)
        let report = try await restore(world)
        #expect(!report.wasAbsent && report.aliasesGone == ["shop@example.org"])
        #expect(try await aliases(world) == before)
        let password = password
        try await world.open(World.anna) { _, directory in
            let quota = try await directory.account(World.anna).quota
            #expect(quota == .byDomain)
            #expect(try await directory.authenticate(login: World.anna, password: new) != nil)
            for old in [password, SecretBytes(app.text.utf8)] {
                #expect(try await directory.authenticate(login: World.anna, password: old) == nil)
            }
        }
        // A second account beside has its own quota, and no alias.
        _ = try await restore(world, as: "old@example.org")
        try await world.open("old@example.org") { _, directory in
            let quota = try await directory.account("old@example.org").quota
            #expect(quota == .bytes(50_000_000))
            #expect(try await directory.aliases(leadingTo: "old@example.org").isEmpty)
        }
    }

    /// As a removal leaves it that was cut off before its end, and a restore before the account is there.
    @Test func aFileThatIsNobodysIsPutAside() async throws {
        let (world, _) = try await world()
        try world.backUp()
        try await world.open(World.bert) { _, directory in
            _ = try await directory.removeAccount(World.anna, by: "test")
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: world.data + "/accounts")
            .filter { $0.hasSuffix(".db") }
        #expect(left.count == 2)
        _ = try await restore(world)
        #expect(try await world.inbox(of: World.anna).texts.count == 1)
        let aside = try FileManager.default.contentsOfDirectory(atPath: world.data + "/accounts/replaced")
        #expect(aside.filter { $0.hasSuffix(".db") }.count == 1)
        #expect(try await world.inbox(of: World.bert).texts.isEmpty)
    }
}
