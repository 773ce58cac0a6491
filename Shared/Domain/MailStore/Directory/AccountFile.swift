// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import SealedSQLite

/// Making, opening and deleting the file of an account.
package enum AccountFile {
    private static let specialMailboxes: [(String, SpecialUse)] = [
        ("Drafts", .drafts), ("Sent", .sent), ("Archive", .archive), ("Junk", .junk), ("Trash", .trash),
    ]

    /// Numbers only grow; a step that is out is never changed.
    package static let migrations: [Migration] = [
        Migration(number: 1, name: "mail") { db in try db.execute(sql: Schema.mail) },
        Migration(number: 2, name: "calendars and contacts") { db in try db.execute(sql: Schema.collections) },
        Migration(number: 3, name: "first mailboxes") { db in
            try db.createMailbox(.inbox, limit: .max)
            for (name, use) in specialMailboxes {
                try db.createMailbox(MailboxName(name), specialUse: use, limit: .max)
            }
            try db.execute(sql: "INSERT INTO subscriptions SELECT name FROM mailboxes")
        },
        Migration(number: 4, name: "what counts against the quota") { db in try db.execute(sql: Schema.use) },
        Migration(number: 5, name: "columns saved for SELECT") { db in try db.execute(sql: Schema.savedColumns) },
        // An older release would not find what is not indexed yet.
        Migration(number: 6, name: "texts indexed later", oldestReader: 6) { db in
            try db.execute(sql: Schema.backlog)
        },
    ]

    /// Under a lock, with a temporary name, renamed into place: a half-made file is never seen.
    static func create(path: String, key: SealedKey) throws {
        try SealedDatabase.create(path: path, key: key, migrations: migrations)
    }

    static func open(path: String, key: SealedKey, limits: StoreLimits = StoreLimits()) throws -> OpenFile {
        guard let identity = FileIdentity(path: path) else { throw StoreError.noSuchAccount }
        try endRestore(path: path, key: key)
        let pool = try SealedDatabase.openPool(path: path, key: key, migrations: migrations)
        return OpenFile(
            pool: pool, path: path, identity: identity, backlog: TextBacklog(pool: pool, limits: limits))
    }

    /// Notes that a file came out of a backup whose key was not at hand, and gives out nothing again that a client may have
    /// seen since: `becomeRestored` is to come, with whoever opens it first. Before the file is in its place.
    package static func noteRestored(path: String) throws {
        let descriptor = Foundation.open(restoredMark(path), O_WRONLY | O_CREAT | O_CLOEXEC, 0o660)
        guard descriptor >= 0 else {
            throw StoreError.unavailable("write \(restoredMark(path)): \(String(cString: strerror(errno)))")
        }
        close(descriptor)
    }

    /// What the name of an account's file ends in where it is noted so.
    package static let restoredSuffix = ".restored"

    private static func restoredMark(_ path: String) -> String { path + restoredSuffix }

    /// Of two who do this at once, both raise the marks, which is no harm.
    static func endRestore(path: String, key: SealedKey) throws {
        guard access(restoredMark(path), F_OK) == 0 else { return }
        let queue = try SealedDatabase.openQueue(path: path, key: key, migrations: migrations)
        defer { try? queue.close() }
        try queue.write { try $0.becomeRestored(after: nil) }
        guard unlink(restoredMark(path)) == 0 || errno == ENOENT else {
            throw StoreError.unavailable("remove \(restoredMark(path)): \(String(cString: strerror(errno)))")
        }
    }

    /// The main file goes first: without it, the others are of no account.
    static func remove(path: String) throws {
        for name in [path, path + "-wal", path + "-shm", path + "-journal", restoredMark(path)] {
            if unlink(name) != 0, errno != ENOENT {
                throw StoreError.unavailable("removing: \(String(cString: strerror(errno)))")
            }
        }
    }
}
