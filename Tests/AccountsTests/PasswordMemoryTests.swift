// SPDX-License-Identifier: Apache-2.0
import Synchronization
import Testing

@testable import Accounts

@Suite struct PasswordMemoryTests {
    private let password = SecretBytes("correct horse".utf8)

    @Test func aSuccessHoldsForItsTimeAndItsHash() {
        let start = ContinuousClock.now
        let passed = Mutex(Duration.zero)
        let memory = PasswordMemory(now: { start + passed.withLock { $0 } })
        #expect(!memory.holds("$a", password))
        memory.remember("$a", password)
        #expect(memory.holds("$a", password) && memory.holds("$a", SecretBytes("correct horse".utf8)))
        #expect(!memory.holds("$b", password) && !memory.holds("$a", SecretBytes("correct horsf".utf8)))
        passed.withLock { $0 = PasswordMemory.lifetime }
        #expect(!memory.holds("$a", password))
    }

    @Test func itHasABound() {
        let memory = PasswordMemory()
        for number in 0..<(PasswordMemory.limit * 2) { memory.remember("\(number)", password) }
        #expect(memory.count <= PasswordMemory.limit)
        #expect(memory.holds("\(PasswordMemory.limit * 2 - 1)", password))
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
