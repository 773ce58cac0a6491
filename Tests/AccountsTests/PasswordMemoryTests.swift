// SPDX-License-Identifier: Apache-2.0
import SealedSQLite
import Synchronization
import Testing

@testable import Accounts

@Suite struct PasswordMemoryTests {
    private let password = SecretBytes("correct horse".utf8)

    @Test func aSuccessHoldsForItsTimeAndItsVerifier() {
        let start = ContinuousClock.now
        let passed = Mutex(Duration.zero)
        let memory = PasswordMemory(now: { start + passed.withLock { $0 } })
        func holds(_ hash: String, _ text: String) -> Bool {
            memory.recall(.hash(hash), SecretBytes(text.utf8)) != nil
        }
        #expect(!holds("$a", "correct horse"))
        memory.remember(.hash("$a"), password, .init())
        #expect(holds("$a", "correct horse"))
        #expect(!holds("$b", "correct horse") && !holds("$a", "correct horsf"))
        #expect(!holds("$ac", "orrect horse"), "where the one ends and the other begins counts")
        passed.withLock { $0 = PasswordMemory.lifetime }
        #expect(!holds("$a", "correct horse"))
        memory.remember(.hash("$b"), password, .init())
        #expect(memory.count == 1, "what is over goes")
    }

    @Test func theKeyOfAFileComesBackToItsPasswordAlone() throws {
        let memory = PasswordMemory()
        let (account, key) = (AccountID.random(), SealedKey.random())
        let (file, other) = (AccountFileName.random(), AccountFileName.random())
        func verifier(_ byte: UInt8, _ file: AccountFileName) -> PasswordVerifier {
            .slot(KeySlot(bytes: [1, 2, byte]), account: account, file: file)
        }
        memory.remember(verifier(0, file), password, .init(key: key))
        #expect(memory.recall(verifier(0, file), password)?.key == key)
        #expect(memory.recall(verifier(0, file), SecretBytes("correct horsf".utf8)) == nil)
        #expect(memory.recall(verifier(1, file), password) == nil && memory.recall(verifier(0, other), password) == nil)
    }

    @Test func itHasABound() {
        let memory = PasswordMemory()
        for number in 0..<(PasswordMemory.limit * 2) { memory.remember(.hash("\(number)"), password, .init()) }
        #expect(memory.count <= PasswordMemory.limit)
        #expect(memory.recall(.hash("\(PasswordMemory.limit * 2 - 1)"), password) != nil)
    }

    @Test func aNewPasswordOrADisabledAccountRevokesIt() async throws {
        let fixture = try Fixture()
        let directory = fixture.directory
        try await directory.addDomain("example.org", by: "test")
        try await fixture.add("anna@example.org")
        func logsIn(_ text: String) async throws -> Bool {
            try await directory.authenticate(login: "anna@example.org", password: SecretBytes(text.utf8)) != nil
        }
        #expect(try await !logsIn("wrong horse") && directory.passwords.count == 0)
        #expect(try await logsIn("correct horse") && directory.passwords.count == 1)
        #expect(try await logsIn("correct horse") && directory.passwords.count == 1)
        try await directory.setPassword(of: "anna@example.org", to: SecretBytes("another horse".utf8), by: "test")
        #expect(try await !logsIn("correct horse"))
        #expect(try await logsIn("another horse"))
        try await directory.setDisabled("anna@example.org", true, by: "test")
        #expect(try await !logsIn("another horse"))
    }
}
