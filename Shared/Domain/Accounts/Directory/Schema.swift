// SPDX-License-Identifier: Apache-2.0
import SealedSQLite

/// The tables of config.db, as numbered steps that only ever get more.
enum Schema {
    static let migrations = [
        Migration(number: 1, name: "domains, accounts, aliases, keys") { try $0.execute(sql: first) },
        Migration(number: 2, name: "sessions of the web pages") { try $0.execute(sql: webSessions) },
        Migration(number: 3, name: "quotas") { try $0.execute(sql: quotas) },
        Migration(number: 4, name: "files of accounts have names of their own") { try $0.execute(sql: fileNames) },
        Migration(number: 5, name: "zero-access accounts, app passwords") { try $0.execute(sql: zeroAccess) },
    ]

    private static let webSessions = """
        CREATE TABLE web_sessions (
            hash BLOB NOT NULL UNIQUE,            -- SHA-256 of the browser's token
            account TEXT NOT NULL REFERENCES accounts(id) ON DELETE CASCADE,
            created INTEGER NOT NULL,
            seen INTEGER NOT NULL                 -- the last request, to the minute
        );
        CREATE INDEX web_sessions_account ON web_sessions(account, created);
        """

    private static let quotas = """
        ALTER TABLE domains ADD COLUMN quota INTEGER;   -- bytes that each of its accounts may hold; absent: no limit
        ALTER TABLE accounts ADD COLUMN quota INTEGER;  -- bytes; -1: no limit; absent: what the domain says
        """

    private static let fileNames = """
        -- What a slot opens; '' (the release before wrote it): the file named as the account.
        ALTER TABLE account_slots ADD COLUMN file TEXT NOT NULL DEFAULT '';
        -- current, pending (takes the current one's place when that is gone), or retired
        ALTER TABLE account_slots ADD COLUMN state TEXT NOT NULL DEFAULT 'current';
        ALTER TABLE account_slots ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;   -- when it came into that state
        UPDATE account_slots SET file = account;
        """

    private static let zeroAccess = """
        -- 1: only slots of kind 'password', 'app' and 'recovery' hold the key of its file; it has no row in credentials.
        ALTER TABLE accounts ADD COLUMN zero_access INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE accounts ADD COLUMN public_key BLOB;  -- of ArrivalKey: what arrives is sealed to it
        CREATE TABLE app_passwords (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            account TEXT NOT NULL REFERENCES accounts(id) ON DELETE CASCADE,
            label TEXT NOT NULL,                  -- what it is for
            code BLOB NOT NULL,                   -- AppPassword.code
            created INTEGER NOT NULL,
            used INTEGER,                         -- midnight (UTC) of the day of the last login; absent: never
            UNIQUE (account, label)
        );
        ALTER TABLE account_slots ADD COLUMN app INTEGER REFERENCES app_passwords(id) ON DELETE CASCADE;
        """

    private static let first = """
        CREATE TABLE domains (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,            -- lower-case A-label
            created INTEGER NOT NULL              -- seconds since 1970, as every time here
        );
        CREATE TABLE accounts (
            id TEXT PRIMARY KEY,                  -- 32 hex digits, never used again
            domain INTEGER NOT NULL REFERENCES domains(id),
            name TEXT NOT NULL,                   -- canonical local part: lower-case, NFC, no +
            display_name TEXT NOT NULL,
            created INTEGER NOT NULL,
            disabled INTEGER NOT NULL DEFAULT 0,
            administrator INTEGER NOT NULL DEFAULT 0,
            UNIQUE (domain, name)
        );
        CREATE TABLE aliases (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            domain INTEGER NOT NULL REFERENCES domains(id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            created INTEGER NOT NULL,
            UNIQUE (domain, name)
        );
        CREATE TABLE alias_targets (
            alias INTEGER NOT NULL REFERENCES aliases(id) ON DELETE CASCADE,
            name TEXT NOT NULL,                   -- of an account or another alias
            domain TEXT NOT NULL,
            PRIMARY KEY (alias, domain, name)
        ) WITHOUT ROWID;
        CREATE TABLE credentials (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            account TEXT NOT NULL REFERENCES accounts(id) ON DELETE CASCADE,
            label TEXT NOT NULL,                  -- always '': app passwords are in app_passwords
            hash TEXT NOT NULL,                   -- Argon2id string with its parameters
            created INTEGER NOT NULL,
            UNIQUE (account, label)
        );
        -- Keys of the account, wrapped; the kinds are those of SlotKind.
        CREATE TABLE account_slots (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            account TEXT NOT NULL REFERENCES accounts(id) ON DELETE CASCADE,
            kind TEXT NOT NULL,
            slot BLOB NOT NULL
        );
        CREATE INDEX account_slots_account ON account_slots(account, kind);
        CREATE TABLE signing_keys (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            domain INTEGER NOT NULL REFERENCES domains(id) ON DELETE CASCADE,
            selector TEXT NOT NULL,
            algorithm TEXT NOT NULL,              -- 'ed25519' or 'rsa', as in the k= of the DKIM record
            public_key BLOB NOT NULL,             -- as in its p=: Ed25519 raw, RSA as SubjectPublicKeyInfo
            slot BLOB NOT NULL,                   -- the private part, wrapped by the signing key
            created INTEGER NOT NULL,
            UNIQUE (domain, selector)
        );
        CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE audit (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            actor TEXT NOT NULL,
            action TEXT NOT NULL,
            subject TEXT NOT NULL
        );
        """
}
