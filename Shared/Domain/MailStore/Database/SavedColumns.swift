// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB

/// The columns of a large mailbox as they were at one modseq, so that SELECT reads some megabytes and what changed since,
/// not a row for each of a million messages. A cache: rows and `changes` are the truth, and a count that does not fit
/// makes SELECT read the rows.
extension Database {
    /// Messages from which on a mailbox has saved columns.
    static let leastToSave = 4096
    /// Changed messages after which they are saved anew.
    static let mostSinceSaved = 2000

    /// All messages of the mailbox now, ascending; nil when nothing is saved, or it does not lead to as many as there are.
    func savedColumns(of row: MailboxRow) throws -> MessageColumns? {
        guard row.messages >= Self.leastToSave, let since = try savedModseq(of: row.id) else { return nil }
        var columns = MessageColumns()
        columns.reserve(row.messages + Self.mostSinceSaved)
        let keys = MessageKey.range(row.id)
        let parts = try Row.fetchCursor(
            cachedStatement(sql: "SELECT id, data FROM column_parts WHERE id BETWEEN ? AND ? ORDER BY id"),
            arguments: [keys.lowerBound, keys.upperBound])
        while let part = try parts.next() {
            let isKnown = try part.withUnsafeData(atIndex: 1) {
                ColumnPart.append($0 ?? Data(), first: MessageKey.uid(part[0]), to: &columns)
            }
            guard isKnown else { return nil }
        }
        columns.remove(try expunged(in: row.id, since: since))
        try columns.update(messages(in: row.id, since: since))
        return columns.count == row.messages ? columns : nil
    }

    /// Saves the columns of large mailboxes that changed much since they were saved. True when one was: there may be more.
    func saveColumns() throws -> Bool {
        let mailboxes = try Row.fetchAll(
            cachedStatement(sql: "SELECT \(MailboxRow.columns) FROM mailboxes WHERE messages >= ?"),
            arguments: [Self.leastToSave]
        ).map(MailboxRow.init)
        for row in mailboxes {
            let since = try savedModseq(of: row.id)
            if let since, try changeCount(in: row, since: since) <= Self.mostSinceSaved { continue }
            for first in try changedParts(of: row, since: since) { try savePart(first, of: row.id) }
            try cachedStatement(
                sql: """
                    INSERT INTO saved_columns (mailbox, modseq) VALUES (?, ?)
                    ON CONFLICT (mailbox) DO UPDATE SET modseq = excluded.modseq
                    """
            ).execute(arguments: [row.id.rawValue, Int64(bitPattern: row.state.highestModseq)])
            return true
        }
        return false
    }

    private func savedModseq(of mailbox: MailboxID) throws -> Int64? {
        try Int64.fetchOne(
            cachedStatement(sql: "SELECT modseq FROM saved_columns WHERE mailbox = ?"), arguments: [mailbox.rawValue])
    }

    /// Changed and gone messages, counted no further than matters.
    private func changeCount(in row: MailboxRow, since: Int64) throws -> Int {
        guard row.state.highestModseq != UInt64(bitPattern: since) else { return 0 }
        let changed = try Int.fetchOne(
            cachedStatement(
                sql: """
                    SELECT count(*) FROM (SELECT 1 FROM messages WHERE mailbox = ? AND modseq > ? LIMIT ?)
                    """), arguments: [row.id.rawValue, since, Self.mostSinceSaved + 1])
        let gone = try Int.fetchOne(
            cachedStatement(
                sql: """
                    SELECT count(*) FROM (
                        SELECT 1 FROM changes WHERE kind = ? AND collection = ? AND modseq > ? LIMIT ?)
                    """), arguments: [ChangeKind.messages, row.id.rawValue, since, Self.mostSinceSaved + 1])
        return (changed ?? 0) + (gone ?? 0)
    }

    /// First UIDs of the blocks that are not as they were saved; of all blocks when nothing was.
    private func changedParts(of row: MailboxRow, since: Int64?) throws -> Set<UInt32> {
        var firsts: Set<UInt32> = []
        guard let since else {
            let keys = MessageKey.range(row.id)
            let ids = try Int64.fetchCursor(
                cachedStatement(sql: "SELECT id FROM messages WHERE id BETWEEN ? AND ?"),
                arguments: [keys.lowerBound, keys.upperBound])
            while let id = try ids.next() { firsts.insert(ColumnPart.first(MessageKey.uid(id))) }
            return firsts
        }
        for uid in try messages(in: row.id, since: since).uids { firsts.insert(ColumnPart.first(uid)) }
        let parts = try cachedStatement(sql: "SELECT id FROM column_parts WHERE id BETWEEN ? AND ?")
        for range in try expunged(in: row.id, since: since).ranges {
            let keys = MessageKey.range(row.id, ColumnPart.first(range.lowerBound)...range.upperBound)
            let ids = try Int64.fetchCursor(parts, arguments: [keys.lowerBound, keys.upperBound])
            while let id = try ids.next() { firsts.insert(MessageKey.uid(id)) }
        }
        return firsts
    }

    private func savePart(_ first: UInt32, of mailbox: MailboxID) throws {
        var columns = MessageColumns()
        let keys = MessageKey.range(mailbox, first...first | (ColumnPart.span - 1))
        let rows = try Row.fetchCursor(
            cachedStatement(sql: "SELECT id, flags, modseq FROM messages WHERE id BETWEEN ? AND ? ORDER BY id"),
            arguments: [keys.lowerBound, keys.upperBound])
        while let row = try rows.next() { columns.append(row) }
        if columns.isEmpty {
            try cachedStatement(sql: "DELETE FROM column_parts WHERE id = ?").execute(arguments: [keys.lowerBound])
        } else {
            try cachedStatement(
                sql: """
                    INSERT INTO column_parts (id, data) VALUES (?, ?)
                    ON CONFLICT (id) DO UPDATE SET data = excluded.data
                    """
            ).execute(arguments: [keys.lowerBound, ColumnPart.encode(columns, first: first)])
        }
    }
}

extension MessageColumns {
    /// A row of id, flags, modseq.
    mutating func append(_ row: Row) {
        append(
            uid: MessageKey.uid(row[0]), flags: UInt64(bitPattern: row[1] as Int64),
            modseq: UInt64(bitPattern: row[2] as Int64))
    }

    /// In one pass from the first that goes on.
    fileprivate mutating func remove(_ gone: UIDSet) {
        guard let first = gone.first else { return }
        var kept = firstIndex(notBelow: first)
        for index in kept..<count where !gone.contains(uids[index]) {
            (uids[kept], flags[kept], modseqs[kept]) = (uids[index], flags[index], modseqs[index])
            kept += 1
        }
        let removed = count - kept
        uids.removeLast(removed)
        flags.removeLast(removed)
        modseqs.removeLast(removed)
    }

    /// Replaces what is here already, appends what has higher UIDs. Anything else is left out.
    fileprivate mutating func update(_ changed: MessageColumns) {
        for index in 0..<changed.count {
            let (uid, flags, modseq) = (changed.uids[index], changed.flags[index], changed.modseqs[index])
            if let known = self.index(of: uid) {
                self.flags[known] = flags
                modseqs[known] = modseq
            } else if uid > uids.last ?? 0 {
                append(uid: uid, flags: flags, modseq: modseq)
            }
        }
    }
}
