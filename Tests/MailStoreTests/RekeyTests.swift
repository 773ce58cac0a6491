// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import GRDB
import SealedSQLite
import TestSupport
import Testing

@testable import MailStore

/// An account whose file gets a new key while it is in use.
@Suite(.timeLimit(.minutes(15))) struct RekeyTests {
    private let world: RekeyedAccount
    private var folder: TemporaryFolder { world.folder }
    private var directory: Directory { world.directory }
    private var account: AccountID { world.account }
    private var files: AccountDirectory { world.files }
    private var root: String { world.root }
    private var keys: String { world.keys }

    init() async throws { world = try await RekeyedAccount() }

    private func deliver(_ count: Int, _ name: String = "m") async throws {
        let store = try await files.store(for: account)
        for number in 1...count {
            _ = try await store.deliver(message("\(name) \(number)", String(repeating: "x\r\n", count: number * 500)))
        }
    }

    /// UID, modseq and bytes of every message in INBOX.
    private func contents() async throws -> [String] {
        let store = try await files.store(for: account)
        let inbox = try await store.select(.inbox)
        var found: [String] = []
        for message in try await store.metadata(of: .all, in: inbox.id) {
            let bytes = try await store.readAll(message.body)
            found.append("\(message.uid) \(message.modseq) \(message.flags.system) \(bytes.hashValue)")
        }
        return found + ["\(inbox.state)"]
    }

    private func rekey(_ tell: @escaping TellStep = { _ in }) async throws {
        try await directory.rekey(account, filesIn: root, by: "test", tell: tell)
    }

    private func expectSound() async throws {
        let report = try await files.store(for: account).check(searchIndex: true)
        #expect(report.findings == [])
        let file = try directory.fileKey(of: account).file
        #expect(try world.mainFiles() == ["\(file).db"])
    }

    @Test func everythingIsThereUnderAnotherKeyAndName() async throws {
        try await deliver(30)
        let session = try await files.store(for: account)
        let inbox = try await session.select(.inbox)
        _ = try await session.expunge([3, 4], in: inbox.id)
        let before = try await contents()
        let old = try directory.fileKey(of: account)
        let copy = folder.file("stolen.db")
        try FileManager.default.copyItem(atPath: old.file.path(in: root), toPath: copy)
        nonisolated(unsafe) var steps: [RekeyStep] = []  // one thread tells them, before `rekey` returns
        try await rekey { steps.append($0) }
        #expect(steps.first == .begun && steps.suffix(5) == [.copied, .locked, .named, .exchanged, .ended])
        let new = try directory.fileKey(of: account)
        #expect(new.file != old.file && new.key != old.key)
        #expect(try await contents() == before)
        try await expectSound()
        // Of the old file nothing is left, no log either, and its key opens nothing any more.
        let names = try FileManager.default.contentsOfDirectory(atPath: root)
        #expect(!names.contains { $0.hasPrefix("\(old.file)") })
        let other = folder.file("other.db")
        try FileManager.default.copyItem(atPath: new.file.path(in: root), toPath: other)
        #expect(throws: DatabaseError.self) {
            try SealedDatabase.openQueue(path: other, key: old.key, migrations: [])
        }
        // No page is as it was, and page 1 does not tell that it is the same file.
        let (bytes, was) = (
            try Data(contentsOf: URL(fileURLWithPath: new.file.path(in: root))),
            try Data(contentsOf: URL(fileURLWithPath: copy))
        )
        for start in stride(from: 0, to: min(bytes.count, was.count), by: 4_096) {
            #expect(bytes[start..<start + 16] != was[start..<start + 16])
        }
        // A session that was open goes on.
        #expect(try await session.changes(in: inbox.id, since: inbox.state).expunged == [3, 4])
        try await deliver(1, "after")
        #expect(try await session.uids().last == 31)
        #expect(try await directory.audit(limit: 1).map(\.action) == ["account rekey"])
        #expect(try await directory.audit(limit: 1).map(\.subject) == ["anna@example.org"])
        try await rekey()
        try await expectSound()
        await files.close()
    }

    /// As after kill -9 once the copy has its name, and before the old file lost its own.
    @Test func aCopyThatWasNotExchangedIsClearedAway() async throws {
        try await deliver(3)
        let before = try await contents()
        let current = try directory.fileKey(of: account)
        let left = AccountFileKey(file: .random(), key: .random())
        try directory.beginRekeying(of: account, to: left, slots: .byAccountsKey)
        try SealedDatabase.copy(
            current.file.path(in: root), key: current.key, to: left.file.path(in: root), key: left.key)
        #expect(try directory.fileKey(of: account).file == current.file)
        #expect(try await directory.accountsWithPendingFile() == [account])
        await directory.clearCutRekeyings()
        #expect(try await directory.accountsWithPendingFile() == [])
        #expect(try directory.key(of: left.file, in: account) == nil)
        #expect(try await contents() == before)
        try await expectSound()
    }

    /// A run that lives is left alone.
    @Test func aCopyThatIsBeingMadeIsNotCleared() async throws {
        try await deliver(3)
        let run = try await holding(rekey, at: .copied) {
            await directory.clearCutRekeyings()
            let pending = try await directory.accountsWithPendingFile()
            #expect(pending == [account])
        }
        try run.get()
        try await expectSound()
    }

    @Test func aSecondRunAtTheSameTimeIsRefusedAndARemovedAccountStaysRemoved() async throws {
        try await deliver(5)
        let first = try await holding(rekey, at: .copied) {
            await #expect(throws: RekeyError.underWay) { try await rekey() }
            try await directory.removeAccount("anna@example.org", filesIn: root, by: "test")
        }
        #expect(throws: (any Error).self) { try first.get() }
        await #expect(throws: StoreError.noSuchAccount) { try await files.store(for: account) }
        #expect(try world.mainFiles() == [])
    }

    /// The server's key opens the file: whatever logs its owner in may change at any moment.
    @Test(arguments: [RekeyStep.begun, .locked])
    func passwordsChangeWhileItStands(step: RekeyStep) async throws {
        try await deliver(2)
        let before = try await contents()
        let anna = RekeyedAccount.address
        let old = try await directory.addAppPassword(of: anna, label: "phone", by: "test")
        nonisolated(unsafe) var new: AppPassword?
        let run = try await holding(rekey, at: step) {
            try await directory.setPassword(of: anna, to: SecretBytes("another horse".utf8), by: "test")
            try await directory.removeAppPassword(of: anna, label: "phone", by: "test")
            new = try await directory.addAppPassword(of: anna, label: "tablet", by: "test")
        }
        try run.get()
        for (text, isGood) in [
            ("another horse", true), (try #require(new).text, true), (RekeyedAccount.password, false),
            (old.text, false),
        ] {
            let identity = try await directory.authenticate(login: anna, password: SecretBytes(text.utf8))
            #expect((identity?.id == account) == isGood)
        }
        #expect(try await contents() == before)
        try await expectSound()
    }

    @Test func aDamagedPageLeavesTheAccountAsItWas() async throws {
        try await deliver(20)
        await files.close()
        let old = try directory.fileKey(of: account)
        let path = old.file.path(in: root)
        var bytes = try #require(FileManager.default.contents(atPath: path))
        bytes[40 * 4_096 + 100] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        await #expect(throws: RekeyError.damaged(page: 41)) { try await rekey() }
        #expect(try directory.fileKey(of: account) == old)
        #expect(try world.mainFiles() == ["\(old.file).db"])
        #expect(try directory.pendingFile(of: account) == nil)
    }

    /// Killed at each step: the account has its old file or the new one, whole, and the next run is a good one.
    @Test(arguments: ["begun", "copying", "copied", "locked", "named", "exchanged", "ended"])
    func aRunThatIsKilledHarmsNothing(step: String) async throws {
        try await deliver(10)
        let before = try await contents()
        let old = try directory.fileKey(of: account).file
        #expect(throws: Program.Failed.self) {
            try Program.run(
                Program.product("StoreRekeys"), ["rekey", folder.path, keys, account.description, step])
        }
        #expect(try await contents() == before)
        let isDone = step == "exchanged" || step == "ended"
        #expect(try (directory.fileKey(of: account).file == old) != isDone)
        try await deliver(1, "after \(step)")
        let after = try await contents()
        try await rekey()
        #expect(try await contents() == after)
        try await expectSound()
        await files.close()
    }

    /// Four processes deliver, eight read, and one after the other gives the file a new key; some of those are killed.
    @Test func nothingIsLostWhileProcessesUseIt() async throws {
        let product = try Program.product("StoreRekeys")
        let (path, keys, id) = (folder.path, keys, account.description)
        // So that a copy takes a while.
        let first = try ReportingProcess(product, ["write", path, keys, id, "first"])
        while first.last < 60 { _ = try #require(first.next()) }
        first.kill()
        let start = try await files.store(for: account).uids().count
        #expect(start >= 60)
        var writers = try (0..<4).map { try ReportingProcess(product, ["write", path, keys, id, "writer\($0)"]) }
        var (acknowledged, killed) = (0, 0)
        let readers = try (0..<8).map { _ in try ReportingProcess(product, ["read", path, keys, id]) }
        let steps = ["begun", "copying", "copied", "locked", "named", "exchanged", "ended"]
        var ended = 0
        for round in 0..<(Program.isFull ? 120 : 7) {
            for writer in writers { #expect(writer.next() != nil) }
            if round % 2 == 1 {
                // Maybe in the middle of a transaction, of which the log then has frames that nobody knows.
                let writer = writers.removeFirst()
                writer.kill()
                while writer.next() != nil {}
                acknowledged += writer.last
                killed += 1
                writers.append(try ReportingProcess(product, ["write", path, keys, id, "heir\(round)"]))
            }
            if round % 3 == 2 {
                let run = try ReportingProcess(product, ["rekey", path, keys, id, steps[round / 3 % steps.count]])
                #expect(run.wait() == SIGKILL)
            } else if round % 3 == 1 {
                // At any moment at all.
                let run = try ReportingProcess(product, ["rekey", path, keys, id])
                for _ in 0..<Int.random(in: 0...8) { _ = writers[0].next() }
                run.kill()
            } else {
                let run = try ReportingProcess(product, ["rekey", path, keys, id])
                #expect(run.wait() == 0)
                ended += 1
            }
        }
        #expect(ended > 0)
        for writer in writers {
            writer.end()
            while writer.next() != nil {}
            acknowledged += writer.last
            #expect(writer.wait() == 0)
        }
        for reader in readers {
            reader.end()
            #expect(reader.wait() == 0)
        }
        let store = try await files.store(for: account)
        let count = try await store.uids().count
        #expect(count >= start + acknowledged && count <= start + acknowledged + killed)
        try await rekey()
        try await expectSound()
        await files.close()
    }
}
