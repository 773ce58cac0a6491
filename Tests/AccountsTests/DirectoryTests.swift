// SPDX-License-Identifier: Apache-2.0
import Crypto
import Foundation
import GRDB
import MailFormat
import SealedSQLite
import TestSupport
import Testing

@testable import Accounts

@Suite struct DirectoryTests {
    @Test func authentication() async throws {
        let fixture = try Fixture()
        let directory = fixture.directory
        try await directory.addDomain("example.org", by: "test")
        let anna = try await fixture.add("anna@example.org", administrator: true)
        func login(_ name: String, _ password: String) async throws -> AccountID? {
            try await directory.authenticate(login: name, password: SecretBytes(password.utf8))?.id
        }
        #expect(try await login("anna@example.org", "correct horse") == anna)
        #expect(try await login("ANNA@Example.ORG", "correct horse") == anna)
        for (name, password) in [
            ("anna@example.org", "Correct horse"), ("anna@example.org", ""), ("anna", "correct horse"),
            ("anna+x@example.org", "correct horse"), ("nobody@example.org", "correct horse"), ("", ""),
            ("anna@example.org", String(repeating: "x", count: 5_000)),
        ] {
            #expect(try await login(name, password) == nil, "\(name) \(password.prefix(20))")
        }
        // What Control changes holds at once for a service that has the file open.
        let control = try fixture.again()
        try await control.setPassword(of: "anna@example.org", to: SecretBytes("another one".utf8), by: "test")
        #expect(try await login("anna@example.org", "correct horse") == nil)
        #expect(try await login("anna@example.org", "another one") == anna)
        try await control.setDisabled("anna@example.org", true, by: "test")
        #expect(try await login("anna@example.org", "another one") == nil)
        try await control.setDisabled("anna@example.org", false, by: "test")
        #expect(try await login("anna@example.org", "another one") == anna)
        await #expect(throws: DirectoryError.passwordLength) {
            try await control.setPassword(of: "anna@example.org", to: SecretBytes("short".utf8), by: "test")
        }
    }

    @Test func theHashOfNobodyCostsAsMuchAsARealOne() throws {
        let real = try #require(PasswordHash.make(SecretBytes("correct horse".utf8)))
        #expect(real.split(separator: "$").prefix(3) == PasswordHash.dummy.split(separator: "$").prefix(3))
        #expect(PasswordHash.isWellFormed(PasswordHash.dummy))
        #expect(!PasswordHash.fits(PasswordHash.dummy, SecretBytes("correct horse".utf8)))
    }

    @Test func onlyAFewHashAtOnceAndOnlyAFewWait() async throws {
        let queue = HashingQueue(running: 1, waiting: 1)
        let gate = DispatchSemaphore(value: 0)
        let refused = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<3 {
                group.addTask {
                    do {
                        try await queue.run { gate.wait() }
                        return false
                    } catch {
                        for _ in 0..<2 { gate.signal() }
                        return true
                    }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(refused == 1)
    }

    @Test func anAccountMadeAnewIsAnotherOne() async throws {
        let fixture = try Fixture()
        try await fixture.directory.addDomain("example.org", by: "test")
        let first = try await fixture.add("anna@example.org")
        let key = try fixture.directory.fileKey(of: first)
        await #expect(throws: DirectoryError.addressTaken("anna@example.org")) {
            try await fixture.add("ANNA@example.org")
        }
        try await fixture.directory.removeAccount("anna@example.org", by: "test")
        #expect(throws: DirectoryError.noSuchAccount(first.description)) { try fixture.directory.fileKey(of: first) }
        let second = try await fixture.add("anna@example.org")
        #expect(first != second)
        #expect(try fixture.directory.fileKey(of: second) != key)
        #expect(try await fixture.directory.account(first) == nil)
    }

    @Test func slotsOfTwoAccountsSwappedAreRefused() async throws {
        let fixture = try Fixture()
        try await fixture.directory.addDomain("example.org", by: "test")
        let anna = try await fixture.add("anna@example.org")
        let bert = try await fixture.add("bert@example.org")
        try await fixture.directory.pool.write { db in
            try db.execute(
                sql: "UPDATE account_slots SET account = CASE account WHEN ?1 THEN ?2 ELSE ?1 END",
                arguments: [anna.description, bert.description])
        }
        #expect(throws: KeySlotError.refused(.accounts, identity: "\(anna)/\(bert)")) {
            try fixture.directory.fileKey(of: anna)
        }
    }

    /// The file of the account changes in steps; between any two the right one is found, by whoever looks.
    @Test func theNextFileTakesThePlaceOfOneThatIsGone() async throws {
        let fixture = try Fixture()
        let directory = fixture.directory
        try await directory.addDomain("example.org", by: "test")
        let anna = try await fixture.add("anna@example.org")
        let root = fixture.folder.file("accounts")
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        func make(_ file: AccountFileName) {
            #expect(FileManager.default.createFile(atPath: file.path(in: root), contents: nil))
        }
        let old = try directory.fileKey(of: anna)
        #expect(old.file == AccountFileName(anna))
        make(old.file)
        let next = AccountFileKey(file: .random(), key: .random())
        try directory.beginRekeying(of: anna, to: next, slots: .byAccountsKey)
        #expect(throws: RekeyError.underWay) {
            try directory.beginRekeying(of: anna, to: .init(file: .random(), key: .random()), slots: .byAccountsKey)
        }
        #expect(try directory.pendingFile(of: anna) == next.file)
        #expect(try directory.fileKey(of: anna) == old)
        make(next.file)
        #expect(try directory.fileKey(of: anna) == old)
        unlink(old.file.path(in: root))
        // Another process finds it so, and ends the change.
        let other = try fixture.again()
        #expect(try other.fileKey(of: anna) == next)
        #expect(try directory.endRekeying(of: anna, to: next.file, by: "test"))
        #expect(try directory.fileKey(of: anna) == next)
        #expect(try await directory.currentFiles() == [anna: next.file])
        // The key of the old file is kept for a backup that has it.
        #expect(try directory.fileKeys(of: anna) == [next, old])
        let later = try Directory(
            dataFolder: fixture.folder.path, keys: fixture.keys, now: { Date(timeIntervalSinceNow: 86_400 * 2.1) })
        #expect(try await directory.forgetRetired() == 0)
        #expect(try await later.forgetRetired() == 1)
        #expect(try directory.fileKeys(of: anna) == [next])
        // One that is given up.
        let given = AccountFileKey(file: .random(), key: .random())
        try directory.beginRekeying(of: anna, to: given, slots: .byAccountsKey)
        #expect(try await directory.namedFiles() == [next.file, given.file])
        try directory.cancelRekeying(of: anna, to: given.file)
        #expect(try directory.fileKeys(of: anna) == [next])
        try directory.beginRekeying(of: anna, to: given, slots: .byAccountsKey)
        let removed = try await directory.removeAccount("anna@example.org", by: "test")
        #expect(Set(removed.files) == [next.file, given.file])
        #expect(throws: DirectoryError.noSuchAccount(anna.description)) { try directory.fileKey(of: anna) }
        #expect(try !directory.endRekeying(of: anna, to: given.file, by: "test"))
        try other.close()
        try later.close()
    }

    /// A service of the release before, which goes on beside us during an upgrade, names no file.
    @Test func aSlotOfTheReleaseBeforeIsOfTheFirstFile() async throws {
        let fixture = try Fixture()
        try await fixture.directory.addDomain("example.org", by: "test")
        let anna = try await fixture.add("anna@example.org")
        let file = try fixture.directory.fileKey(of: anna)
        try await fixture.directory.pool.write { try $0.execute(sql: "UPDATE account_slots SET file = ''") }
        #expect(try fixture.directory.fileKey(of: anna) == file)
        #expect(try await fixture.directory.currentFiles() == [anna: AccountFileName(anna)])
        try await fixture.directory.rewrap(to: PurposeKeys(master: .random()))
        #expect(throws: KeySlotError.refused(.accounts, identity: anna.description)) {
            try fixture.directory.fileKey(of: anna)
        }
    }

    @Test func aFailedFileLeavesNoAccount() async throws {
        struct Broken: Error {}
        let fixture = try Fixture()
        try await fixture.directory.addDomain("example.org", by: "test")
        await #expect(throws: Broken.self) {
            try await fixture.directory.addAccount(
                "anna@example.org", password: SecretBytes("correct horse".utf8), by: "test",
                makeFile: { _, _ in throw Broken() })
        }
        #expect(try await fixture.directory.accounts().isEmpty)
        await #expect(throws: DirectoryError.noSuchDomain("nope.test")) {
            _ = try await fixture.directory.accounts(of: "nope.test")
        }
        try await fixture.add("anna@example.org")
    }

    @Test(arguments: [
        "anna", "@example.org", "anna+x@example.org", "a b@example.org", "a..b@example.org", "anna@[127.0.0.1]",
        "a/b@example.org", "*@example.org",
    ])
    func addressesThatNobodyCanHave(address: String) async throws {
        let fixture = try Fixture()
        try await fixture.directory.addDomain("example.org", by: "test")
        await #expect(throws: DirectoryError.malformedAddress(address)) { try await fixture.add(address) }
    }

    @Test(arguments: ["localhost", "1.2.3.4", "[1.2.3.4]", "a..b", ""])
    func namesThatAreNoDomain(name: String) async throws {
        let fixture = try Fixture()
        await #expect(throws: DirectoryError.malformedDomain(name)) {
            try await fixture.directory.addDomain(name, by: "test")
        }
    }

    @Test func signingKeys() async throws {
        let fixture = try Fixture()
        let records = try await fixture.directory.addDomain("example.org", by: "test")
        #expect(records.map(\.algorithm) == [.ed25519, .rsa])
        #expect(try await fixture.directory.signingRecords(domain: "example.org") == records)
        #expect(
            records.allSatisfy {
                $0.name == "\($0.selector)._domainkey.example.org"
                    && $0.text.hasPrefix("v=DKIM1; k=\($0.algorithm); p=")
            })
        let keys = try await fixture.directory.signingKeys(domain: "Example.org")
        #expect(keys.map(\.selector) == records.map(\.selector))

        let ed25519 = try keys[0].privateKey.withBytes { try Curve25519.Signing.PrivateKey(rawRepresentation: $0) }
        #expect([UInt8](ed25519.publicKey.rawRepresentation) == records[0].publicKey)

        // OpenSSL finds the same public key in the private one.
        let path = fixture.folder.file("rsa.der")
        try keys[1].privateKey.withBytes { try Data($0).write(to: URL(fileURLWithPath: path)) }
        let pem = try Program.run("openssl", ["rsa", "-inform", "DER", "-in", path, "-pubout"])
        let base64 = pem.split(separator: "\n").filter { !$0.hasPrefix("-") && !$0.contains(" ") }.joined()
        #expect(base64 == Data(records[1].publicKey).base64EncodedString())
        let text = try Program.run("openssl", ["rsa", "-inform", "DER", "-in", path, "-noout", "-text"])
        #expect(text.contains("2048 bit"))

        #expect(try await fixture.directory.signingKeys(domain: "elsewhere.example").isEmpty)
        await #expect(throws: DirectoryError.noSuchDomain("elsewhere.example")) {
            try await fixture.directory.signingRecords(domain: "elsewhere.example")
        }
    }

    @Test func withoutTheSigningKeyNobodySigns() async throws {
        let fixture = try Fixture()
        try await fixture.directory.addDomain("example.org", by: "test")
        try fixture.keys.write(to: fixture.folder.path)
        let inbound = try fixture.again(
            PurposeKeys(folder: fixture.folder.path, only: [.configuration, .accounts, .spool]))
        #expect(try await inbound.isLocal(domain: "example.org"))
        await #expect(throws: KeyError.notLoaded(.signing)) { try await inbound.signingKeys(domain: "example.org") }
        await #expect(throws: KeyError.notLoaded(.signing)) {
            try await inbound.addDomain("second.example", by: "test")
        }
        #expect(throws: KeyError.notLoaded(.configuration)) {
            try fixture.again(PurposeKeys(folder: fixture.folder.path, only: [.spool]))
        }
    }

    @Test func aFileOfALaterReleaseIsRefused() throws {
        let fixture = try Fixture()
        try fixture.directory.pool.write { db in
            try db.execute(sql: "UPDATE schema_version SET number = 99, oldest_reader = 98")
        }
        let ours = try #require(Schema.migrations.last?.number)
        #expect(throws: SealedError.tooNew(file: fixture.folder.file("config.db"), oldestReader: 98, ours: ours)) {
            try fixture.again()
        }
        // Newer, but made so that we may go on.
        try fixture.directory.pool.write { try $0.execute(sql: "UPDATE schema_version SET oldest_reader = 1") }
        _ = try fixture.again()
    }

    @Test func creatingGoesOnWhereItWasCutOff() throws {
        let folder = try TemporaryFolder()
        let keys = PurposeKeys(master: .random())
        let slot = try KeySlot.seal(.random(), for: .configuration, identity: "config.db", keys: keys)
        try NewFile.write(slot.bytes, to: folder.file("config.slot"), mode: 0o440)
        try Directory.create(dataFolder: folder.path, keys: keys).close()
        #expect(throws: SealedError.fileExists(folder.file("config.db"))) {
            try Directory.create(dataFolder: folder.path, keys: keys)
        }
    }

    @Test func domainsWithAccountsStay() async throws {
        let fixture = try Fixture()
        try await fixture.directory.addDomain("example.org", by: "test")
        try await fixture.add("anna@example.org")
        await #expect(throws: DirectoryError.domainInUse("example.org", accounts: 1)) {
            try await fixture.directory.removeDomain("example.org", by: "test")
        }
        try await fixture.directory.removeAccount("anna@example.org", by: "test")
        try await fixture.directory.removeDomain("example.org", by: "test")
        #expect(try await fixture.directory.domains().isEmpty)
        let actions = try await fixture.directory.audit().map(\.action)
        #expect(actions == ["domain remove", "account remove", "account add", "domain add"])
    }
}
