// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import GRDB
import SealedSQLite
import TestSupport
import Testing

@testable import MailStore

/// A store in a folder of its own, deleted at the end.
final class Fixture: Sendable {
    private let folder: TemporaryFolder
    let directory: AccountDirectory
    let account: AccountID
    let store: AccountStore
    let key: SealedKey

    init(limits: StoreLimits = StoreLimits()) async throws {
        folder = try TemporaryFolder()
        let key = SealedKey.random()
        self.key = key
        directory = AccountDirectory(root: folder.path, limit: 4, limits: limits) { AccountFileKey($0, key) }
        account = AccountID.random()
        store = try await directory.create(account)
    }

    /// Another process' worth of open files on the same folder.
    func another(limit: Int = 4) -> AccountDirectory {
        let key = key
        return AccountDirectory(root: folder.path, limit: limit) { AccountFileKey($0, key) }
    }

    var root: String { folder.path }

    /// How many messages wait for the search index.
    func waiting() async throws -> Int {
        try await store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM unindexed") ?? 0 }
    }

    /// Indexes the first so many of the messages, whose bodies are numbered from 1.
    func index(_ count: Int) async throws {
        let rest = try await store.write { db in
            let rest = try Row.fetchAll(db, sql: "SELECT body, size FROM unindexed WHERE body > ?", arguments: [count])
            try db.execute(sql: "DELETE FROM unindexed WHERE body > ?", arguments: [count])
            return rest.map { ($0[0] as Int64, $0[1] as Int) }
        }
        while try await store.indexTexts() {}
        try await store.write { db in
            for (body, size) in rest {
                try db.execute(sql: "INSERT INTO unindexed VALUES (?, ?)", arguments: [body, size])
            }
        }
    }
}

func name(_ text: String) -> MailboxName { try! MailboxName(text) }

/// A small message; `text` is UTF-8.
func message(_ subject: String, _ text: String = "Hello.", header: String = "") -> [UInt8] {
    Array(
        """
        From: Ann <ann@example.org>\r
        To: Bob <bob@example.net>\r
        Subject: \(subject)\r
        Date: Tue, 24 Nov 2026 10:00:00 +0100\r
        Message-ID: <\(subject.utf8.count).\(text.utf8.count)@example.org>\r
        MIME-Version: 1.0\r
        Content-Type: text/plain; charset=utf-8\r
        Content-Transfer-Encoding: 8bit\r
        \(header)\r
        \(text)\r

        """.utf8)
}

extension AccountStore {
    func bytes(_ uid: UInt32, in mailbox: MailboxID) async throws -> [UInt8] {
        let found = try await metadata(of: [uid], in: mailbox)
        return try await readAll(#require(found.first).body)
    }

    func uids(in name: MailboxName = .inbox) async throws -> [UInt32] { try await select(name).messages.uids }
}
