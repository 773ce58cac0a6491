// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Foundation
import GRDB
import SealedSQLite
import TestSupport
import Testing

@testable import Accounts

@Suite struct ZeroAccessTests {
    private static let anna = World.anna

    private func password(_ text: String) -> SecretBytes { SecretBytes(text.utf8) }

    @Test func onlyWhoeverLoggedInOpensIt() async throws {
        let world = try await World()
        #expect(throws: DirectoryError.closed(world.id.description)) { try world.directory.fileKey(of: world.id) }
        #expect(try await world.logIn("correct horsf") == nil)
        #expect(throws: DirectoryError.closed(world.id.description)) { try world.directory.fileKey(of: world.id) }
        let identity = try #require(await world.logIn("correct horse"))
        #expect(identity.id == world.id && !identity.isRemembered)
        #expect(try world.directory.fileKey(of: world.id).key == world.key)
        // Another process has not.
        #expect(throws: DirectoryError.closed(world.id.description)) {
            try world.fixture.again().fileKey(of: world.id)
        }
        let more = try #require(await world.directory.hold(world.id))
        identity.hold?.release()
        #expect(try world.directory.fileKey(of: world.id).key == world.key)
        more.release()
        #expect(throws: DirectoryError.closed(world.id.description)) { try world.directory.fileKey(of: world.id) }
        #expect(try await world.directory.hold(world.id) == nil)
    }

    @Test func nothingInTheDirectoryOpensItWithThePurposeKeys() async throws {
        let world = try await World()
        let rows = try await world.directory.pool.read { db in
            (
                try String.fetchAll(db, sql: "SELECT kind FROM account_slots ORDER BY kind"),
                try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM credentials")
            )
        }
        #expect(
            rows.0 == ["app", "app-public", "arrival-key", "arrivals", "password", "recovery", "recovery-public"]
                && rows.1 == 0)
        #expect(try await world.directory.account(Self.anna).isZeroAccess)
        await #expect(throws: DirectoryError.zeroAccess(Self.anna)) {
            try await world.directory.prepareProtection(of: Self.anna, password: password("correct horse"))
        }
    }

    /// Two that begin at once: what arrives is sealed to the one whose slots hold the key.
    @Test func ofTwoWhoProtectItOneHasAllOfIt() async throws {
        let fixture = try Fixture()
        try await fixture.directory.addDomain("example.org", by: "test")
        let (directory, id) = (fixture.directory, try await fixture.add(Self.anna))
        let first = try await directory.prepareProtection(of: Self.anna, password: password("correct horse"))
        let second = try await directory.prepareProtection(of: Self.anna, password: password("correct horse"))
        let file = AccountFileKey(file: .random(), key: .random())
        try directory.beginRekeying(of: id, to: file, slots: first.slots)
        let late = AccountFileKey(file: .random(), key: .random())
        #expect(throws: RekeyError.underWay) {
            try directory.beginRekeying(of: id, to: late, slots: second.slots)
        }
        #expect(try directory.endRekeying(of: id, to: file.file, by: "test"))
        #expect(throws: DirectoryError.keysChanged(Self.anna)) {
            try directory.beginRekeying(of: id, to: late, slots: second.slots)
        }
        let place = try #require(await directory.arrivals(of: id))
        #expect(place.file == first.place.file && place.publicKey == first.place.publicKey)
        let hold = try await directory.hold(Self.anna, with: .password(password("correct horse")))
        #expect(try await directory.arrivalKey(of: id).publicKey == place.publicKey)
        hold.release()
    }

    /// The new file opens by the password that was checked: no other may come in between, nor an app password.
    @Test func aPasswordThatChangesMeanwhileIsNotLost() async throws {
        let fixture = try Fixture()
        try await fixture.directory.addDomain("example.org", by: "test")
        let (directory, id) = (fixture.directory, try await fixture.add(Self.anna))
        let early = try await directory.prepareProtection(of: Self.anna, password: password("correct horse"))
        try await directory.setPassword(of: Self.anna, to: password("another horse"), by: "test")
        let file = AccountFileKey(file: .random(), key: .random())
        #expect(throws: DirectoryError.keysChanged(Self.anna)) {
            try directory.beginRekeying(of: id, to: file, slots: early.slots)
        }
        let protection = try await directory.prepareProtection(of: Self.anna, password: password("another horse"))
        try directory.beginRekeying(of: id, to: file, slots: protection.slots)
        // As while it is being made: there, and not in its place.
        let folder = fixture.folder.file("accounts")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        #expect(FileManager.default.createFile(atPath: file.file.path(in: folder), contents: nil))
        await #expect(throws: DirectoryError.keysChanged(Self.anna)) {
            try await directory.setPassword(of: Self.anna, to: password("a third horse"), by: "test")
        }
        await #expect(throws: DirectoryError.keysChanged(Self.anna)) {
            _ = try await directory.addAppPassword(of: Self.anna, label: "telephone", by: "test")
        }
        // A run that died hinders nobody.
        try FileManager.default.removeItem(atPath: file.file.path(in: folder))
        try await directory.setPassword(of: Self.anna, to: password("a third horse"), by: "test")
    }

    @Test func aPublicKeyThatWasExchangedIsFoundAtTheNextLogin() async throws {
        let world = try await World()
        let right = try await world.directory.arrivals(of: world.id)?.publicKey
        let other = try ArrivalKey.random().publicKey
        try await world.directory.pool.write { db in
            try db.execute(sql: "UPDATE accounts SET public_key = ?", arguments: [Data(other)])
        }
        let hold = try await world.directory.hold(Self.anna, with: .password(password("correct horse")))
        _ = try await world.directory.arrivalKey(of: world.id)
        #expect(try await world.directory.arrivals(of: world.id)?.publicKey == right && right != nil)
        #expect(try await world.directory.audit(limit: 1)[0].action == Directory.wrongPublicKey)
        hold.release()
    }

    @Test func protectingNeedsThePassword() async throws {
        let fixture = try Fixture()
        try await fixture.directory.addDomain("example.org", by: "test")
        let id = try await fixture.add(Self.anna)
        await #expect(throws: DirectoryError.wrongPassword(Self.anna)) {
            try await fixture.directory.prepareProtection(of: Self.anna, password: password("correct horsf"))
        }
        _ = try fixture.directory.fileKey(of: id)
    }

    @Test func mailIsSealedToAKeyThatOpensWithTheFile() async throws {
        let world = try await World()
        let sealedTo = try #require(await world.directory.arrivals(of: world.id)).publicKey
        await #expect(throws: DirectoryError.closed(world.id.description)) {
            try await world.directory.arrivalKey(of: world.id)
        }
        let identity = try await world.logIn("correct horse")
        #expect(try await world.directory.arrivalKey(of: world.id).publicKey == sealedTo)
        identity?.hold?.release()
        let bert = try await world.fixture.add("bert@example.org")
        #expect(try await world.directory.arrivals(of: bert) == nil)
    }

    @Test func aPasswordChangeWrapsTheSameKey() async throws {
        let world = try await World()
        let control = try world.fixture.again()
        #expect(try await world.logIn("correct horse") != nil)
        for (owner, error) in [
            (nil, DirectoryError.ownerNeeded(Self.anna)),
            (OwnerSecret.password(password("correct horsf")), .wrongPassword(Self.anna)),
            (.recoveryKey(.random(.account)), .wrongRecoveryKey(Self.anna)),
        ] {
            await #expect(throws: error) {
                try await control.setPassword(
                    of: Self.anna, to: password("another horse"), owner: owner, by: "test")
            }
        }
        try await control.setPassword(
            of: Self.anna, to: password("another horse"), owner: .password(password("correct horse")), by: "test")
        // Remembered or not, the old one is over at once in every process.
        #expect(try await world.logIn("correct horse") == nil)
        let identity = try await world.logIn("another horse")
        #expect(try world.directory.fileKey(of: world.id).key == world.key && identity != nil)
        try await control.setPassword(
            of: Self.anna, to: password("a third horse"), owner: .recoveryKey(world.recovery), by: "test")
        #expect(try await world.logIn("another horse") == nil)
        #expect(try await world.logIn("a third horse") != nil)
    }

    @Test func aNewRecoveryKeyEndsTheOldOne() async throws {
        let world = try await World()
        let renewed = try await world.directory.renewRecoveryKey(
            of: Self.anna, owner: .password(password("correct horse")), by: "test")
        await #expect(throws: DirectoryError.wrongRecoveryKey(Self.anna)) {
            _ = try await world.directory.hold(Self.anna, with: .recoveryKey(world.recovery))
        }
        let hold = try await world.directory.hold(Self.anna, with: .recoveryKey(renewed))
        #expect(try world.directory.fileKey(of: world.id).key == world.key)
        hold.release()
    }

    @Test func slotsOfTwoAccountsSwappedOpenNothing() async throws {
        let world = try await World()
        try await world.fixture.add("bert@example.org")
        _ = try await world.fixture.protect("bert@example.org")
        let bert = try await world.directory.account("bert@example.org").id
        try await world.directory.pool.write { db in
            try db.execute(
                sql: "UPDATE account_slots SET account = CASE account WHEN ?1 THEN ?2 ELSE ?1 END",
                arguments: [world.id.description, bert.description])
        }
        #expect(try await world.logIn("correct horse") == nil)
        await #expect(throws: DirectoryError.wrongRecoveryKey(Self.anna)) {
            _ = try await world.directory.hold(Self.anna, with: .recoveryKey(world.recovery))
        }
    }

    @Test func switchedOffItsFileIsTheServersAgain() async throws {
        let world = try await World()
        await #expect(throws: DirectoryError.wrongPassword(Self.anna)) {
            try await world.directory.endZeroAccess(of: Self.anna, password: password("correct horsf"), by: "test")
        }
        try await world.directory.endZeroAccess(of: Self.anna, password: password("correct horse"), by: "test")
        #expect(try world.directory.fileKey(of: world.id).key == world.key)
        #expect(try await world.directory.arrivals(of: world.id) == nil)
        for text in ["correct horse", world.app.text] {
            let identity = try await world.logIn(text)
            #expect(identity != nil && identity?.hold == nil)
        }
        // What waits is not forgotten before it is filed, and what opens it is there till then.
        let left = try #require(await world.directory.leftArrivals(of: world.id))
        #expect(left.1.publicKey == left.0.publicKey)
        await #expect(throws: DirectoryError.arrivalsLeft(Self.anna)) { try await world.fixture.protect(Self.anna) }
        #expect(throws: DirectoryError.arrivalsLeft(Self.anna)) {
            try world.directory.beginRekeying(
                of: world.id, to: AccountFileKey(file: .random(), key: .random()), slots: .byAccountsKey)
        }
        try await world.directory.forgetArrivals(of: world.id)
        #expect(try await world.directory.leftArrivals(of: world.id) == nil)
        _ = try await world.fixture.protect(Self.anna)
        #expect(throws: DirectoryError.closed(world.id.description)) { try world.directory.fileKey(of: world.id) }
    }

    @Test func aDisabledAccountStaysClosed() async throws {
        let world = try await World()
        #expect(try await world.logIn("correct horse") != nil)
        try await world.fixture.again().setDisabled(Self.anna, true, by: "test")
        #expect(try await world.logIn("correct horse") == nil)
    }

    /// With a queue in which nobody gets a turn, what needs Argon2id is `busy`, and what needs none is answered.
    @Test func whatCostsARunAndWhatDoesNot() async throws {
        let world = try await World()
        let queue = HashingQueue(running: 1, waiting: 0)
        let directory = try Directory(
            dataFolder: world.fixture.folder.path, keys: world.fixture.keys, hashing: queue, now: { Date() })
        try await world.fixture.add("bert@example.org")
        #expect(try await world.logIn("correct horse", to: directory)?.isRemembered == false)

        let gate = DispatchSemaphore(value: 0)
        let blocked = Task { try await queue.run { gate.wait() } }
        defer { gate.signal() }
        while await queue.isIdle { await Task.yield() }
        let remembered = try await world.logIn("correct horse", to: directory)
        #expect(remembered?.isRemembered == true && remembered?.hold != nil)
        #expect(try directory.fileKey(of: world.id).key == world.key)
        #expect(try await world.logIn(world.app.text, to: directory)?.hold != nil)
        let other = AppPassword.random().text
        for (login, text) in [
            (Self.anna, "correct horsf"), (Self.anna, other), ("bert@example.org", "correct horsf"),
            ("bert@example.org", world.app.text), ("nobody@example.org", "correct horse"),
            ("nobody@example.org", world.app.text),
            ("", "x"),
        ] {
            await #expect(throws: DirectoryError.busy, "\(login)") {
                try await directory.authenticate(login: login, password: password(text))
            }
        }
        try await world.directory.setDisabled(Self.anna, true, by: "test")
        for text in ["correct horse", world.app.text] {
            await #expect(throws: DirectoryError.busy) { try await world.logIn(text, to: directory) }
        }
        gate.signal()
        try await blocked.value
    }
}
