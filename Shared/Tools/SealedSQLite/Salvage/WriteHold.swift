// SPDX-License-Identifier: Apache-2.0
import GRDB

/// The write lock of a file, so that neither it nor its log changes.
final class WriteHold {
    private let queue: DatabaseQueue

    /// Nil when the file cannot be opened; then nobody else can write to it either.
    init?(path: String, key: SealedKey) {
        do {
            queue = try SealedDatabase.openUnmigrated(path: path, key: key, allowsOpenTransactions: true)
            try queue.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        } catch { return nil }
    }

    func end() {
        try? queue.writeWithoutTransaction { if $0.isInsideTransaction { try $0.rollback() } }
        try? queue.close()
    }
}
