// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import MailStore
import SealedSQLite
import TestSupport
import Testing

/// Switching zero access on and off, with real files.
@Suite(.timeLimit(.minutes(5))) struct ZeroAccessFilesTests {
    private static let anna = "anna@example.org"
    private static let password = SecretBytes("correct horse".utf8)

    /// An ordinary account with three messages.
    private final class World: Sendable {
        let folder: TemporaryFolder
        let keys = PurposeKeys(master: .random())
        let id: AccountID
        let directory: Directory
        let accounts: AccountDirectory
        var root: String { folder.file("accounts") }

        init() async throws {
            folder = try TemporaryFolder()
            let directory = try Directory.create(dataFolder: folder.path, keys: keys)
            self.directory = directory
            try await directory.addDomain("example.org", by: "test")
            id = try await directory.addAccount(
                anna, displayName: "", isAdministrator: false, password: password,
                filesIn: folder.file("accounts"), by: "test"
            ).id
            accounts = Self.accounts(directory, folder.file("accounts"))
            for number in 0..<3 { try await deliver("\(number)") }
        }

        static func accounts(_ directory: Directory, _ root: String) -> AccountDirectory {
            AccountDirectory(
                root: root, arrivals: { try await directory.arrivals(of: $0) },
                keys: { try directory.fileKey(of: $0) })
        }

        func deliver(_ subject: String) async throws {
            try await accounts.deliver(Array("Subject: \(subject)\r\n\r\n".utf8), to: id)
        }

        func protect() async throws -> RecoveryKey {
            try await directory.protect(anna, password: password, filesIn: root, by: "test")
        }

        func logIn(_ text: String = "correct horse") async throws -> KeyHold? {
            try await directory.authenticate(login: anna, password: SecretBytes(text.utf8))?.hold
        }

        func count() async throws -> Int { try await accounts.store(for: id).select(.inbox).exists }

        /// Files of the folder, without logs.
        func files() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: root).filter { $0.hasSuffix(".db") }.sorted()
        }

        /// Whether a key opens the account's file.
        func opens(_ file: AccountFileKey) async throws -> Bool {
            let others = AccountDirectory(root: root) { _ in file }
            let isOpen = (try? await others.store(for: id).use()) != nil
            await others.close()
            return isOpen
        }
    }

    @Test func protectedItHasAnotherFileThatTheServerDoesNotOpen() async throws {
        let world = try await World()
        let before = try world.directory.fileKey(of: world.id)
        let session = try await world.accounts.store(for: world.id)
        _ = try await session.select(.inbox)
        await #expect(throws: DirectoryError.wrongPassword(Self.anna)) {
            try await world.directory.protect(
                Self.anna, password: SecretBytes("correct horsf".utf8), filesIn: world.root, by: "test")
        }
        #expect(try world.files().count == 1)
        let recovery = try await world.protect()
        // Who was in it is out.
        await #expect(throws: StoreError.keyUnavailable) { try await session.select(.inbox) }
        let now = try world.directory.currentFile(of: world.id)
        #expect(now != before.file)
        #expect(try world.files().count == 2 && world.files().contains("\(now).db"))
        #expect(try await !world.opens(AccountFileKey(file: now, key: before.key)))
        #expect(try await world.directory.account(Self.anna).isZeroAccess)
        let hold = try #require(await world.logIn())
        #expect(try await world.count() == 3)
        hold.release()
        let other = try await world.directory.hold(Self.anna, with: .recoveryKey(recovery))
        #expect(try await world.opens(world.directory.fileKey(of: world.id)))
        other.release()
    }

    @Test func unprotectedItHasWhatWaited() async throws {
        let world = try await World()
        _ = try await world.protect()
        for number in 3..<6 { try await world.deliver("\(number)") }
        await #expect(throws: DirectoryError.wrongPassword(Self.anna)) {
            try await world.directory.unprotect(
                Self.anna, password: SecretBytes("correct horsf".utf8), filesIn: world.root, by: "test")
        }
        #expect(
            try await world.directory.unprotect(Self.anna, password: Self.password, filesIn: world.root, by: "test")
                == 0)
        #expect(try await world.count() == 6)
        #expect(try world.files() == ["\(world.directory.currentFile(of: world.id)).db"])
        // The process that delivered had the file of arrivals open.
        try await world.deliver("6")
        #expect(try await world.count() == 7)
        await #expect(throws: DirectoryError.notZeroAccess(Self.anna)) {
            try await world.directory.unprotect(Self.anna, password: Self.password, filesIn: world.root, by: "test")
        }
        _ = try await world.protect()
        let hold = try #require(await world.logIn())
        #expect(try await world.count() == 7)
        hold.release()
    }

    @Test func mailThatComesMeanwhileIsInTheOneOrTheOther() async throws {
        let world = try await World()
        let deliveries = Task {
            var number = 3
            while !Task.isCancelled {
                do { try await world.deliver("\(number)") } catch let error as StoreError where error.isTemporary {
                    // A server would try again.
                    continue
                }
                number += 1
            }
            return number
        }
        for _ in 0..<2 {
            _ = try await world.protect()
            try await world.directory.unprotect(Self.anna, password: Self.password, filesIn: world.root, by: "test")
        }
        deliveries.cancel()
        #expect(try await deliveries.value == world.count())
        #expect(try world.files().count == 1)
    }

    @Test func aResetGivesAnEmptyAccountAndSetsTheOldFileAside() async throws {
        let world = try await World()
        let lost = try await world.protect()
        let old = try await world.directory.hold(Self.anna, with: .recoveryKey(lost))
        let before = try world.directory.fileKey(of: world.id)
        try await world.deliver("lost with it")
        let reset = try await world.directory.resetLosingMail(
            of: Self.anna, to: SecretBytes("another horse".utf8), filesIn: world.root, by: "test")
        let kept = try #require(reset.old.first)
        #expect(reset.old.count == 1 && kept.hasPrefix("\(world.root)/replaced/\(before.file)-"))
        #expect(try await world.logIn() == nil)
        await #expect(throws: DirectoryError.wrongRecoveryKey(Self.anna)) {
            _ = try await world.directory.hold(Self.anna, with: .recoveryKey(lost))
        }
        // Whoever had it open does not see the new one.
        await #expect(throws: StoreError.keyUnavailable) { try await world.count() }
        old.release()
        try await world.deliver("new")
        let hold = try #require(await world.logIn("another horse"))
        #expect(try await world.count() == 0)
        let arrivals = try #require(await world.accounts.arrivals(of: world.id))
        _ = try await world.accounts.store(for: world.id)
            .file(arrivals, with: world.directory.arrivalKey(of: world.id))
        #expect(try await world.count() == 1)
        hold.release()
        _ = try await world.directory.hold(Self.anna, with: .recoveryKey(reset.recovery))
        #expect(try world.files().count == 2)
        // The key that somebody still has opens it.
        let aside = AccountDirectory(root: world.root + "/aside") { _ in before }
        try FileManager.default.createDirectory(atPath: aside.root, withIntermediateDirectories: false)
        try FileManager.default.moveItem(atPath: kept, toPath: before.file.path(in: aside.root))
        #expect(try await aside.store(for: world.id).select(.inbox).exists == 3)
        await aside.close()
    }

    @Test func aRemovedAccountLeavesNoFile() async throws {
        let world = try await World()
        _ = try await world.protect()
        try await world.directory.removeAccount(Self.anna, filesIn: world.root, by: "test")
        #expect(try world.files().isEmpty)
    }
}
