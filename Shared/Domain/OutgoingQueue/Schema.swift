// SPDX-License-Identifier: Apache-2.0

/// The tables of `spool.db`, as numbered steps that only ever get more.
enum Schema {
    static let first = """
        CREATE TABLE messages (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            created INTEGER NOT NULL,             -- milliseconds since 1970, as every time here
            reverse_path TEXT NOT NULL,           -- '' is the null reverse-path
            smtputf8 INTEGER NOT NULL,
            size INTEGER NOT NULL
        );
        -- Chunk n of a message is row message << 16 | n.
        CREATE TABLE chunks (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
        CREATE TABLE deliveries (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            message INTEGER NOT NULL REFERENCES messages(id) ON DELETE CASCADE,
            kind INTEGER NOT NULL,                -- 0 local, 1 remote
            key TEXT NOT NULL UNIQUE,             -- random: names this delivery for ever, in other files too
            recipient TEXT NOT NULL,
            domain TEXT NOT NULL,                 -- what remote deliveries are grouped by
            account TEXT,                         -- local: the one account; absent: found by the recipient
            due INTEGER NOT NULL,
            held INTEGER NOT NULL DEFAULT 0,
            attempts INTEGER NOT NULL DEFAULT 0,
            owner TEXT,                           -- of the lease
            lease_until INTEGER NOT NULL DEFAULT 0,
            delay_told INTEGER NOT NULL DEFAULT 0
        );
        CREATE INDEX deliveries_due ON deliveries(kind, due) WHERE held = 0;
        CREATE INDEX deliveries_message ON deliveries(message, domain);
        -- The story of a delivery that is still here.
        CREATE TABLE attempts (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            delivery INTEGER NOT NULL REFERENCES deliveries(id) ON DELETE CASCADE,
            at INTEGER NOT NULL,
            host TEXT NOT NULL,
            status TEXT NOT NULL,                 -- enhanced status code
            reply TEXT NOT NULL
        );
        CREATE INDEX attempts_delivery ON attempts(delivery);
        """
}
