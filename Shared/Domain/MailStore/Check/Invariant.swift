// SPDX-License-Identifier: Apache-2.0

/// What always holds between the tables of an account's file, beside what SQLite itself checks. Each is a query for what
/// breaks it: one value a row.
struct Invariant: Sendable {
    /// Says what is wrong, with the value behind it.
    let finding: String
    let sql: String

    static let all = [
        Invariant(
            finding: "the row of the account is missing",
            sql: "SELECT 'account' WHERE (SELECT count(*) FROM account) <> 1"),
        Invariant(
            finding: "what counts against the quota is not the sum, of",
            sql: """
                SELECT 'messages' FROM account
                WHERE (messages, message_bytes) <> (SELECT count(*), total(size) FROM messages)
                UNION ALL
                SELECT 'calendars and contacts' FROM account
                WHERE object_bytes <> (SELECT total(length(data)) FROM calendar_objects)
                    + (SELECT total(length(data)) FROM cards)
                """),
        Invariant(
            finding: "the figures of STATUS are not those of the messages in mailbox",
            sql: """
                SELECT name FROM mailboxes b WHERE (messages, unseen, deleted, size) <> (
                    SELECT count(*), total((flags & 1) = 0), total((flags & 8) <> 0), total(size)
                    FROM messages WHERE mailbox = b.id)
                """),
        Invariant(
            finding: "UIDVALIDITY or HIGHESTMODSEQ is past the account's in mailbox",
            sql: """
                SELECT name FROM mailboxes, account
                WHERE mailboxes.uid_validity > account.uid_validity OR mailboxes.modseq > account.modseq
                """),
        Invariant(
            finding: "a message stands in a mailbox that is not its key's, or is not there",
            sql: """
                SELECT id FROM messages
                WHERE mailbox <> id >> 32 OR mailbox NOT IN (SELECT id FROM mailboxes)
                """),
        Invariant(
            finding: "a UID or modseq is past its mailbox's, of message",
            sql: """
                SELECT m.id FROM messages m JOIN mailboxes b ON b.id = m.mailbox
                WHERE (m.id & 0xFFFFFFFF) NOT BETWEEN 1 AND b.uid_next - 1 OR m.modseq > b.modseq
                """),
        Invariant(
            finding: "a flag has no keyword, of message",
            sql: """
                SELECT id FROM messages m WHERE flags >> 8 <> 0 AND (flags >> 8) & ~(
                    SELECT coalesce(sum(1 << position), 0) FROM keywords WHERE mailbox = m.mailbox) <> 0
                """),
        Invariant(
            finding: "the body is missing or has another size, of message",
            sql: """
                SELECT m.id FROM messages m LEFT JOIN bodies b ON b.id = m.body WHERE b.size IS NOT m.size
                """),
        Invariant(
            finding: "the number of links is wrong, of body",
            sql: """
                SELECT b.id FROM bodies b LEFT JOIN (SELECT body, count(*) AS n FROM messages GROUP BY body) m
                ON m.body = b.id WHERE b.links <> coalesce(m.n, 0) OR (b.links = 0) <> (b.released IS NOT NULL)
                """),
        Invariant(
            finding: "chunks belong to no body:",
            sql: "SELECT DISTINCT id >> 12 FROM chunks WHERE id >> 12 NOT IN (SELECT id FROM bodies)"),
        Invariant(
            finding: "the text for searches is missing, of body",
            sql: """
                SELECT id FROM bodies
                WHERE id NOT IN (SELECT body FROM texts) AND id NOT IN (SELECT body FROM unindexed)
                """),
        Invariant(
            finding: "a text for searches belongs to no body:",
            sql: """
                SELECT body FROM (SELECT body FROM texts UNION ALL SELECT body FROM unindexed)
                WHERE body NOT IN (SELECT id FROM bodies)
                """),
        Invariant(
            finding: "a text is indexed and waits for that too, of body",
            sql: "SELECT body FROM unindexed WHERE body IN (SELECT body FROM texts)"),
        Invariant(
            finding: "UIDs are recorded as gone that were never given, in mailbox",
            sql: """
                SELECT b.name FROM changes c JOIN mailboxes b ON b.id = c.collection
                WHERE c.kind = 1 AND (c.first > c.last OR c.last >= b.uid_next)
                """),
    ]
}
