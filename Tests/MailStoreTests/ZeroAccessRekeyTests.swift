// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import SealedSQLite
import TestSupport
import Testing

@testable import MailStore

/// A zero-access account whose file gets a new key, with real files, while mail arrives for it.
@Suite(.timeLimit(.minutes(15))) struct ZeroAccessRekeyTests {
    private static let anna = RekeyedAccount.address
    private static let password = RekeyedAccount.password

    private let world: RekeyedAccount
    private let recovery: RecoveryKey
    private let app: AppPassword
    private var directory: Directory { world.directory }
    private var account: AccountID { world.account }
    private var files: AccountDirectory { world.files }
    private var root: String { world.root }

    /// Three messages in INBOX, and two that wait sealed.
    init() async throws {
        world = try await RekeyedAccount()
        let password = SecretBytes(Self.password.utf8)
        for number in 1...3 { try await world.files.deliver(message("\(number)", ""), to: world.account) }
        recovery = try await world.directory.protect(
            Self.anna, password: password, filesIn: world.root, by: "test")
        app = try await world.directory.addAppPassword(
            of: Self.anna, label: "phone", owner: .password(password), by: "test")
        for number in 4...5 { try await world.files.deliver(message("\(number)", ""), to: world.account) }
    }

    private func rekey(_ text: String = password, _ tell: @escaping TellStep = { _ in }) async throws {
        try await directory.rekey(
            Self.anna, password: SecretBytes(text.utf8), filesIn: root, by: "test", tell: tell)
    }

    private func rekeyed(_ tell: @escaping TellStep) async throws { try await rekey(Self.password, tell) }

    private func logIn(_ text: String = password) async throws -> KeyHold? {
        try await directory.authenticate(login: Self.anna, password: SecretBytes(text.utf8))?.hold
    }

    /// What INBOX has once that which waits is filed.
    private func filed() async throws -> Int {
        let store = try await files.store(for: account)
        if let arrivals = try await files.arrivals(of: account) {
            let filed = try await store.file(arrivals, with: directory.arrivalKey(of: account))
            #expect(filed.refused == 0)
        }
        return try await store.select(.inbox).exists
    }

    /// The account's file and that of its arrivals, and nothing beside.
    private func expectNoLeavings() throws {
        let names = try world.mainFiles().filter { !$0.hasSuffix(".arrivals.db") }
        #expect(try names == ["\(directory.currentFile(of: account)).db"])
    }

    @Test func everythingIsThereAndWhoHadItOpenLogsInAgain() async throws {
        let hold = try #require(await logIn())
        let session = try await files.store(for: account)
        let inbox = try await session.select(.inbox)
        let old = try directory.fileKey(of: account)
        try await rekey()
        let new = try directory.currentFile(of: account)
        #expect(new != old.file)
        // The session's key is that of the file of before.
        await #expect(throws: StoreError.keyUnavailable) { try await session.select(.inbox) }
        try await files.deliver(message("6", ""), to: account)
        let again = try #require(await logIn())
        #expect(try directory.fileKey(of: account).key != old.key)
        #expect(try await filed() == 6)
        // What the session knows still holds: it is the same mailbox.
        #expect(try await session.select(.inbox).state.uidValidity == inbox.state.uidValidity)
        #expect(try await session.check(searchIndex: true).findings == [])
        hold.release()
        again.release()
        let others = AccountDirectory(root: root) { _ in AccountFileKey(file: new, key: old.key) }
        await #expect(throws: StoreError.self) { try await others.store(for: account).use() }
        await others.close()
        #expect(try await directory.audit(limit: 1).map(\.action) == ["account rekey"])
        try expectNoLeavings()
    }

    /// The account is whole, all that opened it does, its password can be changed, and the next run is a good one.
    @Test(arguments: ["begun", "copying", "copied", "locked", "named", "exchanged", "ended"])
    func aRunThatIsKilledHarmsNothing(step: String) async throws {
        let old = try directory.currentFile(of: account)
        #expect(throws: Program.Failed.self) {
            try Program.run(
                Program.product("StoreRekeys"),
                ["rekey-own", world.folder.path, world.keys, Self.anna, Self.password, step])
        }
        for text in [Self.password, app.text] {
            let hold = try #require(await logIn(text))
            #expect(try await filed() == 5)
            hold.release()
        }
        #expect(try (directory.currentFile(of: account) == old) != (step == "exchanged" || step == "ended"))
        try await directory.setPassword(
            of: Self.anna, to: SecretBytes("another horse".utf8), owner: .recoveryKey(recovery), by: "test")
        try expectNoLeavings()
        try await rekey("another horse")
        #expect(try await logIn() == nil)
        for text in ["another horse", app.text] {
            let hold = try #require(await logIn(text))
            #expect(try await filed() == 5)
            #expect(try await files.store(for: account).check(searchIndex: true).findings == [])
            hold.release()
        }
        try await directory.hold(Self.anna, with: .recoveryKey(recovery)).release()
        try expectNoLeavings()
        await files.close()
    }

    /// Leavings are cleared away by a service while the owner is there.
    @Test func upkeepClearsAwayWhatTheOwnersKeyOpens() async throws {
        #expect(throws: Program.Failed.self) {
            try Program.run(
                Program.product("StoreRekeys"),
                ["rekey-own", world.folder.path, world.keys, Self.anna, Self.password, "named"])
        }
        await directory.clearCutRekeyings()
        #expect(try await directory.accountsWithPendingFile() == [account])
        let hold = try #require(await logIn())
        await directory.clearCutRekeyings()
        #expect(try await directory.accountsWithPendingFile() == [])
        try expectNoLeavings()
        #expect(try await filed() == 5)
        hold.release()
    }

    @Test func ofTwoAtOnceOneIsRefused() async throws {
        let first = try await holding(rekeyed, at: .copied) {
            await #expect(throws: RekeyError.underWay) { try await rekey() }
            // Mail comes, and is read, meanwhile.
            try await files.deliver(message("6", ""), to: account)
            let hold = try #require(await logIn(app.text))
            #expect(try await filed() == 6)
            hold.release()
        }
        try first.get()
        let again = try #require(await logIn(app.text))
        #expect(try await filed() == 6)
        again.release()
        try expectNoLeavings()
    }

    /// Nothing that would be forgotten with the old file changes; what is taken back opens the new one no more.
    @Test(arguments: [RekeyStep.begun, .copied, .locked])
    func whatOpensItStaysWhileARunStands(step: RekeyStep) async throws {
        let owner = OwnerSecret.password(SecretBytes(Self.password.utf8))
        let changed = DirectoryError.keysChanged(Self.anna)
        let spare = try await directory.addAppPassword(of: Self.anna, label: "spare", owner: owner, by: "test")
        let old = try directory.currentFile(of: account)
        let run = try await holding(rekeyed, at: step) {
            for owner in [owner, .recoveryKey(recovery)] {
                await #expect(throws: changed) {
                    try await directory.setPassword(
                        of: Self.anna, to: SecretBytes("another horse".utf8), owner: owner, by: "test")
                }
            }
            await #expect(throws: changed) {
                _ = try await directory.addAppPassword(of: Self.anna, label: "tablet", owner: owner, by: "test")
            }
            await #expect(throws: changed) {
                _ = try await directory.renewRecoveryKey(of: Self.anna, owner: owner, by: "test")
            }
            try await directory.removeAppPassword(of: Self.anna, label: "spare", by: "test")
        }
        try run.get()
        #expect(try directory.currentFile(of: account) != old)
        for (text, isGood) in [(Self.password, true), (app.text, true), (spare.text, false), ("another horse", false)] {
            let hold = try await logIn(text)
            #expect((hold != nil) == isGood)
            if isGood { #expect(try await filed() == 5) }
            hold?.release()
        }
        try await directory.hold(Self.anna, with: .recoveryKey(recovery)).release()
        // And then they change.
        try await directory.setPassword(of: Self.anna, to: SecretBytes("another horse".utf8), owner: owner, by: "test")
        #expect(try await logIn() == nil)
        try #require(await logIn("another horse")).release()
        try expectNoLeavings()
    }

    /// The file of one that is no zero-access account yet opens by the password that was checked.
    @Test(arguments: [RekeyStep.begun, .locked])
    func aPasswordStaysWhileZeroAccessBegins(step: RekeyStep) async throws {
        let bert = "bert@example.org"
        let changed = DirectoryError.keysChanged(bert)
        let password = SecretBytes(Self.password.utf8)
        let id = try await directory.addAccount(
            bert, displayName: "", isAdministrator: false, password: password, filesIn: root, by: "test"
        ).id
        @Sendable func protected(_ tell: @escaping TellStep) async throws {
            _ = try await directory.protect(bert, password: password, filesIn: root, by: "test", tell: tell)
        }
        let run = try await holding(protected, at: step) {
            await #expect(throws: changed) {
                try await directory.setPassword(of: bert, to: SecretBytes("another horse".utf8), by: "test")
            }
            await #expect(throws: changed) {
                _ = try await directory.addAppPassword(of: bert, label: "tablet", by: "test")
            }
        }
        try run.get()
        #expect(try await directory.account(bert).isZeroAccess)
        #expect(throws: DirectoryError.closed(id.description)) { try directory.fileKey(of: id) }
        #expect(
            try await directory.authenticate(login: bert, password: SecretBytes("another horse".utf8)) == nil)
        let identity = try await directory.authenticate(login: bert, password: password)
        #expect(try await files.store(for: id).select(.inbox).exists == 0)
        identity?.hold?.release()
    }

    /// A run that had opened the old file before another exchanged it does not touch the new one.
    @Test func aRunThatComesTooLateChangesNothing() async throws {
        let late = try await directory.prepareRekeying(of: Self.anna, password: SecretBytes(Self.password.utf8))
        try await rekey()
        let file = try directory.currentFile(of: account)
        await #expect(throws: RekeyError.superseded) {
            try await directory.rekey(
                account, known: late.present, slots: late.slots, filesIn: root, by: "test")
        }
        #expect(try directory.currentFile(of: account) == file)
        let hold = try #require(await logIn())
        #expect(try await filed() == 5)
        hold.release()
        try expectNoLeavings()
    }

    @Test func mailThatArrivesDuringManyRunsIsThereOnce() async throws {
        let deliveries = Task {
            var number = 6
            while number <= 60 {
                do {
                    try await files.deliver(message("\(number)", ""), to: account)
                    number += 1
                } catch let error as StoreError where error.isTemporary {
                    // A server would try again.
                }
            }
        }
        for _ in 0..<4 {
            try await rekey()
            // Filed between one run and the next, and beside the next.
            if let hold = try await logIn() {
                _ = try await filed()
                hold.release()
            }
        }
        try await deliveries.value
        let hold = try #require(await logIn(app.text))
        #expect(try await filed() == 60)
        hold.release()
        try expectNoLeavings()
    }
}
