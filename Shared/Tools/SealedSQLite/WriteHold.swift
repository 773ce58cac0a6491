// SPDX-License-Identifier: Apache-2.0
import GRDB

/// The write lock of a file: nobody else commits while it lives, so that neither the file nor what of its log counts changes.
package final class WriteHold {
    private let queue: DatabaseQueue

    /// Throws as `SealedDatabase.openPool`, and SQLITE_BUSY when others held the lock for `SealedDatabase.lockTimeout`,
    /// SQLITE_READONLY_DBMOVED when the file lost its name.
    package init(path: String, key: SealedKey) throws {
        queue = try SealedDatabase.openUnmigrated(path: path, key: key, allowsOpenTransactions: true)
        try queue.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
    }

    package func end() {
        try? queue.writeWithoutTransaction { if $0.isInsideTransaction { try $0.rollback() } }
        try? queue.close()
    }
}
