// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import SealedSQLite
import TestSupport
import Testing

@testable import Accounts

/// What opens a zero-access account when its file gets another key; without files, where none are named.
@Suite struct OwnerRekeyingTests {
    private static let anna = World.anna
    private static let password = World.password

    /// Twice: the second time what is wrapped for is known from the first alone.
    @Test func whatOpenedTheFileOpensTheNextOne() async throws {
        let world = try await World()
        let sealedTo = try await world.directory.arrivals(of: world.id)?.publicKey
        let before = try await world.opens(.password(Self.password))
        for _ in 0..<2 {
            let file = try await world.rekey()
            #expect(file.key != before.key)
            try await world.expectAllOpen(file)
            let hold = try await world.directory.hold(Self.anna, with: .password(Self.password))
            #expect(try await world.directory.arrivalKey(of: world.id).publicKey == sealedTo && sealedTo != nil)
            hold.release()
        }
        #expect(try await world.directory.arrivals(of: world.id)?.publicKey == sealedTo)
        #expect(try await world.directory.appPasswords(of: Self.anna).map(\.label) == ["phone"])
        #expect(try await world.directory.account(Self.anna).isZeroAccess)
    }

    /// Nothing of the new file's slots comes out with the key of the one before.
    @Test func theOldKeyOpensNothingNew() async throws {
        let world = try await World()
        let before = try await world.opens(.password(Self.password))
        let file = try await world.rekey()
        let rows = try await world.directory.pool.read { db in
            try Row.fetchAll(
                db, sql: "SELECT kind, slot FROM account_slots WHERE file = ?", arguments: [file.file.description]
            ).map { (kind: $0[0] as String, slot: KeySlot(bytes: $0[1] as Data)) }
        }
        #expect(
            rows.map(\.kind).sorted() == [
                "app", "app-public", "arrival-key", "password", "recovery", "recovery-public",
            ])
        let identity = SlotKind.identity(account: world.id, file: file.file)
        for (kind, slot) in rows where ["app-public", "arrival-key", "recovery-public"].contains(kind) {
            let kind = try #require(SlotKind(rawValue: kind))
            #expect(try slot.openPublicKey(kind: kind, identity: identity, key: before.key) == nil)
            #expect(try slot.openPublicKey(kind: kind, identity: identity, key: file.key) != nil)
        }
        #expect(rows.filter { $0.slot.bytes[1] == KeySlot.xWing }.map(\.kind).sorted() == ["app", "recovery"])
    }

    @Test func itNeedsThePassword() async throws {
        let world = try await World()
        await #expect(throws: DirectoryError.wrongPassword(Self.anna)) {
            _ = try await world.directory.prepareRekeying(of: Self.anna, password: SecretBytes("correct horsf".utf8))
        }
        await #expect(throws: DirectoryError.wrongPassword(Self.anna)) {
            _ = try await world.directory.prepareRekeying(of: Self.anna, password: world.app.secret)
        }
        try await world.fixture.add("bert@example.org")
        await #expect(throws: DirectoryError.notZeroAccess("bert@example.org")) {
            _ = try await world.directory.prepareRekeying(of: "bert@example.org", password: Self.password)
        }
    }

    /// Whatever is changed before the new slots are there is in them, or they are not made.
    @Test func aPasswordThatChangesBeforeIsNotLost() async throws {
        let world = try await World()
        let early = try await world.directory.prepareRekeying(of: Self.anna, password: Self.password)
        try await world.directory.setPassword(
            of: Self.anna, to: SecretBytes("another horse".utf8), owner: .password(Self.password), by: "test")
        let file = AccountFileKey(file: .random(), key: .random())
        #expect(throws: DirectoryError.keysChanged(Self.anna)) {
            try world.directory.beginRekeying(of: world.id, to: file, slots: early.slots)
        }
        let late = try await world.directory.prepareRekeying(
            of: Self.anna, password: SecretBytes("another horse".utf8))
        let second = try await world.directory.addAppPassword(
            of: Self.anna, label: "tablet", owner: .recoveryKey(world.recovery), by: "test")
        try world.directory.beginRekeying(of: world.id, to: file, slots: late.slots)
        #expect(try world.directory.endRekeying(of: world.id, to: file.file, by: "test"))
        #expect(try await world.key(atLogin: "correct horse") == nil)
        for text in ["another horse", world.app.text, second.text] {
            #expect(try await world.key(atLogin: text) == file)
        }
    }

    /// Between the new slots and the exchange nothing that would be forgotten with the old file is changed.
    @Test func nothingThatOpensItChangesMeanwhile() async throws {
        let world = try await World()
        let file = try await world.begin()
        let present = try world.directory.currentFile(of: world.id)
        // As while it is being made.
        let copy = world.path(file) + ".new"
        try world.touch(copy)
        let descriptor = open(copy, O_RDONLY)
        #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
        defer { close(descriptor) }
        let owner = OwnerSecret.password(Self.password)
        let changed = DirectoryError.keysChanged(Self.anna)
        await #expect(throws: changed) {
            try await world.directory.setPassword(
                of: Self.anna, to: SecretBytes("another horse".utf8), owner: owner, by: "test")
        }
        await #expect(throws: changed) {
            _ = try await world.directory.addAppPassword(of: Self.anna, label: "tablet", owner: owner, by: "test")
        }
        await #expect(throws: changed) {
            _ = try await world.directory.renewRecoveryKey(of: Self.anna, owner: owner, by: "test")
        }
        await #expect(throws: changed) {
            try await world.directory.endZeroAccess(of: Self.anna, password: Self.password, by: "test")
        }
        // Logins go on, by all of them, and a device's password can be taken back.
        let was = try await world.opens(owner)
        #expect(was.file == present)
        try await world.expectAllOpen(was)
        try await world.directory.removeAppPassword(of: Self.anna, label: "phone", by: "test")
        #expect(try world.directory.endRekeying(of: world.id, to: file.file, by: "test"))
        #expect(try await world.key(atLogin: world.app.text) == nil)
        #expect(try await world.key(atLogin: "correct horse") == file)
        #expect(try await world.opens(.recoveryKey(world.recovery)) == file)
    }

    /// As after kill -9 between the last name of the old file and the note of it: the next login is a good one.
    @Test func aLoginEndsAnExchangeThatWasCutOff() async throws {
        for isRecovery in [false, true] {
            let world = try await World()
            let file = try await world.begin()
            try world.touch(world.path(file))
            if isRecovery {
                #expect(try await world.opens(.recoveryKey(world.recovery)) == file)
            }
            try await world.expectAllOpen(file)
        }
    }

    @Test func aSecretWithoutAPublicKeyIsNotLeftBehind() async throws {
        let world = try await World()
        func forget(_ kind: String) async throws {
            try await world.directory.pool.write { db in
                try db.execute(sql: "DELETE FROM account_slots WHERE kind = ?", arguments: [kind])
            }
        }
        try await forget("app-public")
        await #expect(throws: RekeyError.secretLeftBehind(appPassword: "phone")) {
            _ = try await world.begin()
        }
        try await world.directory.removeAppPassword(of: Self.anna, label: "phone", by: "test")
        try await forget("recovery-public")
        await #expect(throws: RekeyError.secretLeftBehind(appPassword: nil)) {
            _ = try await world.begin()
        }
        let renewed = try await world.directory.renewRecoveryKey(
            of: Self.anna, owner: .recoveryKey(world.recovery), by: "test")
        let file = try await world.rekey()
        #expect(try await world.opens(.recoveryKey(renewed)) == file)
        await #expect(throws: DirectoryError.wrongRecoveryKey(Self.anna)) {
            _ = try await world.opens(.recoveryKey(world.recovery))
        }
    }

    /// Nobody who writes to config.db gets the next key by a public key of theirs.
    @Test func anExchangedPublicKeyIsRefused() async throws {
        let world = try await World()
        let other = try KeySlot.publicKey(of: AppPassword.random().secret, kind: .app)
        let identity = SlotKind.identity(account: world.id, file: try world.directory.currentFile(of: world.id))
        let forged = KeySlot.seal(publicKey: other, kind: .appPublic, identity: identity, key: .random())
        try await world.directory.pool.write { db in
            try db.execute(
                sql: "UPDATE account_slots SET slot = ? WHERE kind = 'app-public'", arguments: [forged.data])
        }
        await #expect(throws: KeySlotError.malformed) { _ = try await world.begin() }
    }

    @Test func switchedOffNoneOfItIsLeft() async throws {
        let world = try await World()
        _ = try await world.rekey()
        try await world.directory.endZeroAccess(of: Self.anna, password: Self.password, by: "test")
        let kinds = try await world.directory.pool.read { db in
            try String.fetchAll(db, sql: "SELECT kind FROM account_slots WHERE state = 'current' ORDER BY kind")
        }
        #expect(kinds == ["accounts", "arrival-key", "arrivals"])
        let identity = try await world.directory.authenticate(
            login: Self.anna, password: SecretBytes(world.app.text.utf8))
        #expect(identity != nil && identity?.hold == nil)
    }
}
