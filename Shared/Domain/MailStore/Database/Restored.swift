// SPDX-License-Identifier: Apache-2.0
import GRDB

/// Gaps of a file that came out of a backup.
private enum Restored {
    /// Ids between those of a file and those that it gives out once it came back, when nobody knows what was given out
    /// since it was copied; and when the replaced file was read.
    static let blindGap: Int64 = 1_000_000
    static let knownGap: Int64 = 1_000
    static let modseqGap: Int64 = 1 << 32
    /// UIDs have 32 bits. A mailbox whose UIDNEXT would come near that takes a new UIDVALIDITY instead.
    static let highestUIDNext: Int64 = 4_000_000_000
    static let numbered = ["mailboxes", "bodies", "calendars", "calendar_objects", "address_books", "cards"]
}

extension Database {
    /// See `AccountStore.becomeRestored`.
    func becomeRestored(after marks: IssuedMarks?) throws {
        let gap = marks == nil ? Restored.blindGap : Restored.knownGap
        let own = try Int64.fetchOne(self, sql: "SELECT modseq FROM account") ?? 1
        let modseq = max(own, marks?.modseq ?? 0) + Restored.modseqGap
        try execute(
            sql: "UPDATE account SET modseq = ?, uid_validity = max(uid_validity, ?)",
            arguments: [modseq, marks?.uidValidity ?? 0])
        for row in try Row.fetchAll(self, sql: "SELECT id, name, uid_validity, uid_next FROM mailboxes") {
            let (id, name, validity, uidNext): (Int64, String, Int64, Int64) = (row[0], row[1], row[2], row[3])
            var next = max(uidNext, marks?.uidNext[validity] ?? 0) + gap
            if next > Restored.highestUIDNext || marks?.validityOfName[name] ?? 0 > validity {
                try execute(
                    sql: "UPDATE mailboxes SET uid_validity = ? WHERE id = ?",
                    arguments: [nextUIDValidity(), id])
                next = uidNext
            } else {
                try execute(
                    sql: "INSERT INTO changes (kind, collection, modseq, first, last) VALUES (?, ?, ?, ?, ?)",
                    arguments: [ChangeKind.messages, id, modseq, uidNext, next - 1])
            }
            try execute(
                sql: "UPDATE mailboxes SET uid_next = ?, modseq = ? WHERE id = ?", arguments: [next, modseq, id])
        }
        try execute(sql: "UPDATE messages SET modseq = ?", arguments: [modseq])
        try execute(sql: "DELETE FROM saved_columns")
        for (name, validity) in marks?.validityOfName ?? [:] {
            try retire(MailboxName(unchecked: name), uidValidity: UInt32(truncatingIfNeeded: validity))
        }
        for table in Restored.numbered {
            let own = try Int64.fetchOne(
                self, sql: "SELECT seq FROM sqlite_sequence WHERE name = ?", arguments: [table])
            let next = max(own ?? 0, marks?.sequences[table] ?? 0) + gap
            try execute(sql: "DELETE FROM sqlite_sequence WHERE name = ?", arguments: [table])
            try execute(sql: "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", arguments: [table, next])
        }
        try execute(
            sql: "INSERT INTO changes (kind, collection, modseq) VALUES (?, 0, ?)",
            arguments: [ChangeKind.restored, modseq])
        try forgetSyncTokens()
    }

    /// Every collection and object takes a new modseq, and no client can ask any more for what changed.
    func forgetSyncTokens() throws {
        let modseq = try nextModseq()
        for (kind, collections, objects) in [
            (ChangeKind.calendarObjects, "calendars", "calendar_objects"), (ChangeKind.cards, "address_books", "cards"),
        ] {
            try execute(sql: "UPDATE \(collections) SET modseq = ?", arguments: [modseq])
            try execute(sql: "UPDATE \(objects) SET modseq = ?", arguments: [modseq])
            try execute(sql: "DELETE FROM changes WHERE kind = ?", arguments: [kind])
            // A row without a name: what is older than it is forgotten.
            try execute(
                sql: "INSERT INTO changes (kind, collection, modseq) SELECT ?, id, ? FROM \(collections)",
                arguments: [kind, modseq])
        }
    }

    /// Whether the account came out of a backup after this state was told.
    func wasRestored(since modseq: Int64) throws -> Bool {
        let statement = try cachedStatement(
            sql: "SELECT EXISTS (SELECT 1 FROM changes WHERE kind = ? AND collection = 0 AND modseq > ?)")
        return try Bool.fetchOne(statement, arguments: [ChangeKind.restored, modseq]) ?? false
    }
}
