// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import MailStore

/// Words as people write and look for them.
@Suite struct SearchedTextTests {
    @Test(arguments: [
        ("明日の東京\r\n都庁での会議", "東京都庁"), ("東京\r\n都庁", "東京 都庁"), ("東京 都庁", "東京 都庁"), ("Donau\u{AD}dampf", "donaudampf"),
        ("Donau\u{200B}dampf", "donaudampf"), ("Donaudampf", "Donau\u{AD}dampf"),
        ("می\u{200C}خواهم", "می\u{200C}خواهم"),
        ("cafe\u{301} noir", "café noir"), ("ﾃｽﾄ", "テスト"), ("\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF}", "한글"),
    ])
    func isFound(text: String, needle: String) async throws {
        let fixture = try await Fixture()
        let inbox = try await fixture.store.deliver(message("words", text)).mailbox
        #expect(try await fixture.store.search(.body(needle), in: inbox).uids == [1])
        while try await fixture.store.indexTexts() {}
        #expect(try await fixture.store.search(.body(needle), in: inbox).uids == [1])
    }

    /// Indexed by an earlier build, which folded less.
    @Test(arguments: [
        ("donau\u{AD}dampf", "Donau\u{AD}dampf"), ("東京 都庁", "東京 都庁"), ("می\u{200C}خواهم", "می\u{200C}خواهم"),
    ])
    func isFoundInTextsFromBefore(kept: String, needle: String) async throws {
        let fixture = try await Fixture()
        let inbox = try await fixture.store.deliver(message("words", "nothing")).mailbox
        while try await fixture.store.indexTexts() {}
        try await fixture.store.write { db in
            try db.execute(sql: "DELETE FROM texts")
            try db.execute(sql: "INSERT INTO texts VALUES (1, 'subject: words', ?, 1)", arguments: [kept])
        }
        #expect(try await fixture.store.search(.body(needle), in: inbox).uids == [1])
    }
}
