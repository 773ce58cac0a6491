// SPDX-License-Identifier: Apache-2.0

/// The tables of an account's file, as numbered steps that only ever get more. MailStore.md has the picture.
///
/// Message rows are keyed by `mailbox << 32 | uid` and chunk rows by `body << 12 | n`, so that a mailbox and a body are
/// each one run of a table and need no second index. All keys that others refer to are INTEGER PRIMARY KEY: VACUUM
/// renumbers bare rowids.
enum Schema {
    static let mail = """
        CREATE TABLE account (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            modseq INTEGER NOT NULL,            -- the latest given to any change
            uid_validity INTEGER NOT NULL       -- the latest given to any mailbox
        );
        INSERT INTO account VALUES (1, 1, 0);

        CREATE TABLE mailboxes (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,          -- whole path, levels separated by '/'
            uid_validity INTEGER NOT NULL UNIQUE,
            uid_next INTEGER NOT NULL DEFAULT 1,
            first_recent INTEGER NOT NULL DEFAULT 1,
            modseq INTEGER NOT NULL,            -- of the latest change inside
            special_use TEXT,
            messages INTEGER NOT NULL DEFAULT 0,
            unseen INTEGER NOT NULL DEFAULT 0,
            deleted INTEGER NOT NULL DEFAULT 0,
            size INTEGER NOT NULL DEFAULT 0
        );
        -- Highest UIDVALIDITY that mailboxes of a name had before they were deleted or renamed.
        CREATE TABLE former_names (
            name TEXT PRIMARY KEY,
            uid_validity INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE subscriptions (name TEXT PRIMARY KEY) WITHOUT ROWID;
        CREATE TABLE keywords (
            mailbox INTEGER NOT NULL REFERENCES mailboxes(id) ON DELETE CASCADE,
            position INTEGER NOT NULL,          -- bit 8 + position of messages.flags
            name TEXT NOT NULL,
            PRIMARY KEY (mailbox, position)
        ) WITHOUT ROWID;

        CREATE TABLE bodies (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            size INTEGER NOT NULL,
            header_size INTEGER NOT NULL,
            lead INTEGER NOT NULL,              -- bytes of chunk 0
            chunk INTEGER NOT NULL,             -- bytes of every further chunk but the last
            encoding INTEGER NOT NULL DEFAULT 0,-- of the chunks; 0: as they came
            sent_day INTEGER,                   -- day of the Date field, days since 1970
            links INTEGER NOT NULL DEFAULT 0,   -- message rows
            released INTEGER,                   -- seconds since 1970, when links became 0
            structure BLOB NOT NULL
        );
        CREATE INDEX bodies_released ON bodies(released) WHERE links = 0;
        CREATE TABLE chunks (
            id INTEGER PRIMARY KEY,             -- body << 12 | n
            data BLOB NOT NULL
        );

        CREATE TABLE messages (
            id INTEGER PRIMARY KEY,             -- mailbox << 32 | uid
            mailbox INTEGER NOT NULL REFERENCES mailboxes(id),
            body INTEGER NOT NULL,
            modseq INTEGER NOT NULL,
            flags INTEGER NOT NULL,
            size INTEGER NOT NULL,
            internal_date INTEGER NOT NULL,     -- seconds since 1970
            zone INTEGER NOT NULL               -- minutes east of UTC
        );
        CREATE INDEX messages_changed ON messages(mailbox, modseq);

        CREATE TABLE delivery_keys (
            key TEXT PRIMARY KEY,
            mailbox INTEGER NOT NULL,
            uid_validity INTEGER NOT NULL,
            uid INTEGER NOT NULL,
            modseq INTEGER NOT NULL,
            at INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE INDEX delivery_keys_at ON delivery_keys(at);

        -- What went, and for DAV what changed: kind 1 messages (first…last UIDs), 2 calendar objects, 3 cards (name).
        CREATE TABLE changes (
            id INTEGER PRIMARY KEY,
            kind INTEGER NOT NULL,
            collection INTEGER NOT NULL,
            modseq INTEGER NOT NULL,
            first INTEGER,
            last INTEGER,
            name TEXT,
            gone INTEGER NOT NULL DEFAULT 1
        );
        CREATE INDEX changes_since ON changes(kind, collection, modseq);

        -- Folded text of each body; the index refers to it by key.
        CREATE TABLE texts (
            body INTEGER PRIMARY KEY,
            header TEXT NOT NULL,
            content TEXT NOT NULL,
            complete INTEGER NOT NULL           -- 0: the message has more text than is kept
        );
        CREATE INDEX texts_incomplete ON texts(body) WHERE complete = 0;
        CREATE VIRTUAL TABLE text_index USING fts5(
            header, content, content='texts', content_rowid='body',
            tokenize='trigram case_sensitive 1', detail='none', columnsize=0
        );
        CREATE TRIGGER texts_inserted AFTER INSERT ON texts BEGIN
            INSERT INTO text_index(rowid, header, content) VALUES (NEW.body, NEW.header, NEW.content);
        END;
        CREATE TRIGGER texts_deleted AFTER DELETE ON texts BEGIN
            INSERT INTO text_index(text_index, rowid, header, content)
            VALUES ('delete', OLD.body, OLD.header, OLD.content);
        END;

        -- The figures of STATUS, and the life of bodies, can not drift: no statement changes messages without these.
        CREATE TRIGGER messages_inserted AFTER INSERT ON messages BEGIN
            UPDATE mailboxes SET
                messages = messages + 1, unseen = unseen + ((NEW.flags & 1) = 0),
                deleted = deleted + ((NEW.flags & 8) <> 0), size = size + NEW.size
            WHERE id = NEW.mailbox;
            UPDATE bodies SET links = links + 1, released = NULL WHERE id = NEW.body;
        END;
        CREATE TRIGGER messages_deleted AFTER DELETE ON messages BEGIN
            UPDATE mailboxes SET
                messages = messages - 1, unseen = unseen - ((OLD.flags & 1) = 0),
                deleted = deleted - ((OLD.flags & 8) <> 0), size = size - OLD.size
            WHERE id = OLD.mailbox;
            UPDATE bodies SET
                links = links - 1,
                released = CASE links WHEN 1 THEN CAST(strftime('%s', 'now') AS INTEGER) END
            WHERE id = OLD.body;
        END;
        CREATE TRIGGER messages_flagged AFTER UPDATE OF flags ON messages
        WHEN (OLD.flags & 9) <> (NEW.flags & 9) BEGIN
            UPDATE mailboxes SET
                unseen = unseen + ((NEW.flags & 1) = 0) - ((OLD.flags & 1) = 0),
                deleted = deleted + ((NEW.flags & 8) <> 0) - ((OLD.flags & 8) <> 0)
            WHERE id = NEW.mailbox;
        END;
        """

    static let collections = """
        CREATE TABLE calendars (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,          -- last part of its address
            display_name TEXT NOT NULL,
            description TEXT,
            color TEXT,
            position INTEGER NOT NULL DEFAULT 0,
            components TEXT NOT NULL,           -- VEVENT,VTODO,…
            time_zone TEXT,
            transparent INTEGER NOT NULL DEFAULT 0,
            properties BLOB,                    -- dead properties that clients set
            modseq INTEGER NOT NULL
        );
        CREATE TABLE calendar_objects (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            calendar INTEGER NOT NULL REFERENCES calendars(id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            uid TEXT NOT NULL,
            component TEXT NOT NULL,
            etag TEXT NOT NULL,
            schedule_tag TEXT,
            first_start INTEGER,                -- seconds since 1970; nil: none
            last_end INTEGER,                   -- nil: no end
            data BLOB NOT NULL,
            modseq INTEGER NOT NULL,
            UNIQUE (calendar, name)
        );
        CREATE INDEX calendar_objects_uid ON calendar_objects(calendar, uid);
        CREATE INDEX calendar_objects_time ON calendar_objects(calendar, first_start, last_end);
        CREATE INDEX calendar_objects_changed ON calendar_objects(calendar, modseq);
        CREATE TABLE address_books (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,
            display_name TEXT NOT NULL,
            description TEXT,
            properties BLOB,
            modseq INTEGER NOT NULL
        );
        CREATE TABLE cards (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            address_book INTEGER NOT NULL REFERENCES address_books(id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            uid TEXT NOT NULL,
            etag TEXT NOT NULL,
            text TEXT NOT NULL,                 -- folded names and addresses, for searches
            data BLOB NOT NULL,
            modseq INTEGER NOT NULL,
            UNIQUE (address_book, name)
        );
        CREATE INDEX cards_uid ON cards(address_book, uid);
        CREATE INDEX cards_changed ON cards(address_book, modseq);
        """

    static let savedColumns = """
        -- UID, flags and modseq of the messages of large mailboxes as of a modseq; ColumnPart has the form of `data`.
        CREATE TABLE saved_columns (
            mailbox INTEGER PRIMARY KEY REFERENCES mailboxes(id) ON DELETE CASCADE,
            modseq INTEGER NOT NULL
        );
        CREATE TABLE column_parts (
            id INTEGER PRIMARY KEY,             -- mailbox << 32 | first UID of a block of 16,384
            data BLOB NOT NULL
        );
        CREATE TRIGGER saved_columns_deleted AFTER DELETE ON saved_columns BEGIN
            DELETE FROM column_parts WHERE id BETWEEN OLD.mailbox << 32 AND OLD.mailbox << 32 | 4294967295;
        END;
        """
}

/// `kind` of rows in `changes`.
package enum ChangeKind {
    static let messages: Int64 = 1
    package static let calendarObjects: Int64 = 2
    package static let cards: Int64 = 3
    /// The file came out of a backup; collection 0.
    static let restored: Int64 = 4
}
