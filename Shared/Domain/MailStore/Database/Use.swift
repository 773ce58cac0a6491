// SPDX-License-Identifier: Apache-2.0
import GRDB

extension Schema {
    /// What counts against the quota, kept by triggers like the figures of STATUS. Releases that do not know it keep it
    /// right all the same, since the triggers are in the file. The first figures come from those of the mailboxes: only
    /// mailboxes with messages to be expunged are read.
    static let use = """
        ALTER TABLE account ADD COLUMN messages INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE account ADD COLUMN message_bytes INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE account ADD COLUMN object_bytes INTEGER NOT NULL DEFAULT 0;
        -- The owner was warned that it fills up, until the use is below this many bytes.
        ALTER TABLE account ADD COLUMN warned_above INTEGER;
        -- Bytes of messages with \\Deleted.
        ALTER TABLE mailboxes ADD COLUMN deleted_size INTEGER NOT NULL DEFAULT 0;

        UPDATE mailboxes SET deleted_size = (
            SELECT coalesce(sum(m.size), 0) FROM messages m
            WHERE m.id BETWEEN mailboxes.id << 32 AND (mailboxes.id << 32) + 4294967295 AND (m.flags & 8) <> 0)
        WHERE deleted > 0;
        UPDATE account SET
            messages = (SELECT coalesce(sum(messages), 0) FROM mailboxes),
            message_bytes = (SELECT coalesce(sum(size), 0) FROM mailboxes),
            object_bytes = (SELECT coalesce(sum(length(data)), 0) FROM calendar_objects)
                + (SELECT coalesce(sum(length(data)), 0) FROM cards);

        -- Those of step 1, with what counts against the quota. What makes the use fall ends the warning too.
        DROP TRIGGER messages_inserted;
        DROP TRIGGER messages_deleted;
        DROP TRIGGER messages_flagged;
        CREATE TRIGGER messages_inserted AFTER INSERT ON messages BEGIN
            UPDATE mailboxes SET
                messages = messages + 1, unseen = unseen + ((NEW.flags & 1) = 0),
                deleted = deleted + ((NEW.flags & 8) <> 0), size = size + NEW.size,
                deleted_size = deleted_size + ((NEW.flags & 8) <> 0) * NEW.size
            WHERE id = NEW.mailbox;
            UPDATE bodies SET links = links + 1, released = NULL WHERE id = NEW.body;
            UPDATE account SET messages = messages + 1, message_bytes = message_bytes + NEW.size;
        END;
        CREATE TRIGGER messages_deleted AFTER DELETE ON messages BEGIN
            UPDATE mailboxes SET
                messages = messages - 1, unseen = unseen - ((OLD.flags & 1) = 0),
                deleted = deleted - ((OLD.flags & 8) <> 0), size = size - OLD.size,
                deleted_size = deleted_size - ((OLD.flags & 8) <> 0) * OLD.size
            WHERE id = OLD.mailbox;
            UPDATE bodies SET
                links = links - 1,
                released = CASE links WHEN 1 THEN CAST(strftime('%s', 'now') AS INTEGER) END
            WHERE id = OLD.body;
            UPDATE account SET
                messages = messages - 1, message_bytes = message_bytes - OLD.size,
                warned_above = CASE WHEN message_bytes + object_bytes - OLD.size >= warned_above THEN warned_above END;
        END;
        CREATE TRIGGER messages_flagged AFTER UPDATE OF flags ON messages
        WHEN (OLD.flags & 9) <> (NEW.flags & 9) BEGIN
            UPDATE mailboxes SET
                unseen = unseen + ((NEW.flags & 1) = 0) - ((OLD.flags & 1) = 0),
                deleted = deleted + ((NEW.flags & 8) <> 0) - ((OLD.flags & 8) <> 0),
                deleted_size = deleted_size + (((NEW.flags & 8) <> 0) - ((OLD.flags & 8) <> 0)) * NEW.size
            WHERE id = NEW.mailbox;
        END;

        \(objects("calendar_objects"))
        \(objects("cards"))
        """

    /// Triggers of a table whose `data` counts.
    private static func objects(_ table: String) -> String {
        func change(_ bytes: String) -> String {
            """
            UPDATE account SET
                object_bytes = object_bytes + (\(bytes)),
                warned_above = CASE WHEN message_bytes + object_bytes + (\(bytes)) >= warned_above THEN warned_above END;
            """
        }
        return """
            CREATE TRIGGER \(table)_inserted AFTER INSERT ON \(table) BEGIN \(change("length(NEW.data)")) END;
            CREATE TRIGGER \(table)_changed AFTER UPDATE OF data ON \(table) BEGIN
            \(change("length(NEW.data) - length(OLD.data)")) END;
            CREATE TRIGGER \(table)_deleted AFTER DELETE ON \(table) BEGIN \(change("-length(OLD.data)")) END;
            """
    }
}

extension Database {
    /// One row is read, whatever the account holds.
    func use(limit: Int?) throws -> StorageUse {
        let statement = try cachedStatement(sql: "SELECT messages, message_bytes, object_bytes FROM account")
        guard let row = try Row.fetchOne(statement) else { throw StoreError.damaged }
        return StorageUse(messages: row[0], messageBytes: row[1], objectBytes: row[2], limit: limit)
    }

    /// Throws `.overQuota` when `more` bytes do not fit below `limit`. In the transaction that stores them, so that
    /// nobody can come in between. What needs no more room is never refused, also above the limit.
    package func checkRoom(for more: Int, limit: Int?) throws {
        guard let limit, more > 0, try !use(limit: limit).hasRoom(for: more) else { return }
        throw StoreError.overQuota
    }

    /// What is held now when the owner is to be told that it is much; notes that this was done.
    func useToWarnOf(limit: Int) throws -> StorageUse? {
        let use = try use(limit: limit)
        guard use.bytes >= QuotaWarning.begins(at: limit) else { return nil }
        try cachedStatement(sql: "UPDATE account SET warned_above = ?1 WHERE warned_above IS NOT ?1")
            .execute(arguments: [QuotaWarning.ends(below: limit)])
        return changesCount == 1 ? use : nil
    }

    func deletedSize(of mailbox: MailboxRow) throws -> Int {
        guard mailbox.deleted > 0 else { return 0 }
        let statement = try cachedStatement(sql: "SELECT deleted_size FROM mailboxes WHERE id = ?")
        return try Int.fetchOne(statement, arguments: [mailbox.id.rawValue]) ?? 0
    }
}
