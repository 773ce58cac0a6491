// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import GRDB
import SealedSQLite

/// The file in which the sealed mail of one zero-access account waits: `<32 hex digits>.arrivals.db` beside the accounts'.
/// Who delivers, and so the operator, holds its key; the messages in it are sealed once more (`ArrivalSeal`).
package enum ArrivalsFile {
    package static let suffix = ".arrivals.db"
    /// What follows the name's digits and a dot in the mark beside a file that is not in use yet: nothing was delivered to it.
    static let unusedMark = "arrivals.db.unused"

    /// Numbers only grow; a step that is out is never changed.
    package static let migrations = [
        Migration(number: 1, name: "sealed arrivals") { db in try db.execute(sql: schema) },
        Migration(number: 2, name: "checks by who has the key") { db in try db.execute(sql: checks) },
    ]

    private static let schema = """
        -- Messages that wait, in order of arrival.
        CREATE TABLE arrivals (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            arrival BLOB NOT NULL UNIQUE,       -- 16 random bytes: what its chunks, and the note of its filing, are bound to
            at INTEGER NOT NULL,                -- seconds since 1970, as every time here
            size INTEGER NOT NULL,              -- bytes of the message
            head BLOB NOT NULL,                 -- ArrivalSeal: version, algorithm, encapsulated key
            refused INTEGER                     -- when it did not open; NULL: nobody tried, or it may be tried again
        );
        CREATE TABLE chunks (
            id INTEGER PRIMARY KEY,             -- id of arrivals << 10 | n
            data BLOB NOT NULL
        );
        -- Which rows of the spool were taken in; kept past their filing.
        CREATE TABLE delivery_keys (key TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
        CREATE INDEX delivery_keys_at ON delivery_keys(at);

        -- One row. What the account's own file held when somebody with its key looked last, and what waits here.
        CREATE TABLE state (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            messages INTEGER NOT NULL DEFAULT 0,
            message_bytes INTEGER NOT NULL DEFAULT 0,
            object_bytes INTEGER NOT NULL DEFAULT 0,
            seen INTEGER NOT NULL DEFAULT 0,
            waiting INTEGER NOT NULL DEFAULT 0,         -- those that were refused are not counted
            waiting_bytes INTEGER NOT NULL DEFAULT 0,
            warned_above INTEGER                        -- as in the account's own file
        );
        INSERT INTO state (id) VALUES (1);
        CREATE TRIGGER arrivals_inserted AFTER INSERT ON arrivals BEGIN
            UPDATE state SET waiting = waiting + 1, waiting_bytes = waiting_bytes + NEW.size;
        END;
        CREATE TRIGGER arrivals_deleted AFTER DELETE ON arrivals BEGIN
            UPDATE state SET
                waiting = waiting - (OLD.refused IS NULL),
                waiting_bytes = waiting_bytes - (OLD.refused IS NULL) * OLD.size;
            DELETE FROM chunks WHERE id BETWEEN OLD.id << 10 AND OLD.id << 10 | 1023;
        END;
        CREATE TRIGGER arrivals_refused AFTER UPDATE OF refused ON arrivals BEGIN
            UPDATE state SET
                waiting = waiting + (NEW.refused IS NULL) - (OLD.refused IS NULL),
                waiting_bytes = waiting_bytes + ((NEW.refused IS NULL) - (OLD.refused IS NULL)) * NEW.size;
        END;
        """

    /// See `OwnerCheck`.
    private static let checks = """
        ALTER TABLE state ADD COLUMN check_wished INTEGER;
        ALTER TABLE state ADD COLUMN checked INTEGER;
        ALTER TABLE state ADD COLUMN check_findings TEXT;       -- a line each
        """

    package static func path(of file: AccountFileName, in root: String) -> String { "\(root)/\(file)\(suffix)" }

    static func open(path: String, key: SealedKey) throws -> OpenFile {
        guard let identity = FileIdentity(path: path) else { throw StoreError.noSuchAccount }
        let pool = try SealedDatabase.openPool(path: path, key: key, migrations: migrations, readers: 1)
        return OpenFile(pool: pool, path: path, identity: identity, backlog: nil)
    }
}

/// Key of a row of `chunks`.
enum ArrivalChunk {
    static let keyBits = 10

    static func key(_ arrival: Int64, _ n: Int) -> Int64 { arrival << Int64(keyBits) | Int64(n) }
}
