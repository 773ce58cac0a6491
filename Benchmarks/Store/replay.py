# SPDX-License-Identifier: Apache-2.0
"""Repeats the store's statements from Python on the SQLite of apsw-sqlite3mc, so that two ciphers meet with all else equal.

usage: replay.py ours EXTENSION FOLDER SOURCE   our VFS (EXTENSION: CSealedSQLite as a loadable extension)
       replay.py theirs FOLDER SOURCE           SQLite3 Multiple Ciphers with chacha20 and a raw key
       replay.py plain FOLDER SOURCE            unencrypted

SOURCE is a plain file that StoreBenchmark made: its schema and its rows are used. Commands as of StoreBenchmark serve.
"""
import os
import random
import resource
import sys
import time

import apsw

kind, *arguments = sys.argv[1:]
extension = arguments.pop(0) if kind == "ours" else None
folder, source = arguments
path = os.path.join(folder, "replay.db")
key = bytes(range(32))


def connect(file):
    connection = apsw.Connection(file, vfs={"ours": "sealed", "theirs": "multipleciphers-unix", "plain": "unix"}[kind])
    if kind == "theirs":
        connection.execute("PRAGMA cipher = 'chacha20'")
        connection.execute(f"PRAGMA key = 'raw:{key.hex()}'")
    return connection


if extension:
    import ctypes

    loader = apsw.Connection(":memory:")
    loader.enable_load_extension(True)
    loader.load_extension(extension)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    assert ctypes.CDLL(extension).sealed_sqlite_add_key(path.encode(), key, 0) == 0


def open_store():
    connection = connect(path)
    for pragma in ("auto_vacuum = INCREMENTAL", "journal_mode = WAL", "synchronous = FULL", "temp_store = MEMORY",
                   "cache_size = -512", "journal_size_limit = 4194304"):
        list(connection.execute(f"PRAGMA {pragma}"))
    return connection


def rows(sql, *values):
    return list(store.execute(sql, values))


def load():
    """Schema and rows of SOURCE, in memory. Read by a process of its own, with Python's SQLite: our VFS opens no plain file."""
    import pickle
    import subprocess

    code = """
import pickle, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
schema = [row[0] for row in db.execute(
    "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'text_index_%' ORDER BY rowid")]
mailboxes = db.execute("SELECT id, name, uid_validity, modseq FROM mailboxes").fetchall()
messages = [
    (body[1:], [chunk[0] for chunk in db.execute("SELECT data FROM chunks WHERE id BETWEEN ? AND ? ORDER BY id", (body[0] << 12, body[0] << 12 | 4095))],
     db.execute("SELECT header, content, complete FROM texts WHERE body = ?", (body[0],)).fetchone())
    for body in db.execute("SELECT id, size, header_size, lead, chunk, encoding, sent_day, structure FROM bodies ORDER BY id")]
sys.stdout.buffer.write(pickle.dumps((schema, mailboxes, messages)))
"""
    return pickle.loads(subprocess.run([sys.executable, "-c", code, source], check=True, stdout=subprocess.PIPE).stdout)


schema, mailboxes, messages = load()
store = open_store()
for statement in schema:
    store.execute(statement)
store.execute("INSERT INTO account (id, modseq, uid_validity) VALUES (1, 100, 1700000000)")
for mailbox in mailboxes:
    store.execute("INSERT INTO mailboxes (id, name, uid_validity, modseq) VALUES (?, ?, ?, ?)", mailbox)
ids = {name: number for number, name, _, _ in mailboxes}
inbox, archive = ids["INBOX"], ids["Archive"]
columns = ("id, name, uid_validity, uid_next, modseq, first_recent, special_use, messages, unseen, deleted, size")
delivered = copied = expunged = 0


def next_modseq():
    rows("UPDATE account SET modseq = modseq + 1")
    return rows("SELECT modseq FROM account")[0][0]


def insert_message(mailbox, uid, body, modseq, flags, size, date):
    rows("INSERT INTO messages (id, mailbox, body, modseq, flags, size, internal_date, zone) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
         mailbox << 32 | uid, mailbox, body, modseq, flags, size, date, 0)


def deliver(count, batch):
    global delivered
    for start in range(0, count, batch):
        rows("BEGIN IMMEDIATE")
        for _ in range(min(batch, count - start)):
            (size, header_size, lead, chunk, encoding, sent_day, structure), chunks, texts = messages[delivered % len(messages)]
            rows("SAVEPOINT one")
            assert not rows("SELECT mailbox, uid_validity, uid, modseq FROM delivery_keys WHERE key = ?", f"benchmark {delivered}")
            uid = rows(f"SELECT {columns} FROM mailboxes WHERE name = ?", "INBOX")[0][3]
            rows("INSERT INTO bodies (size, header_size, lead, chunk, encoding, sent_day, structure) VALUES (?, ?, ?, ?, ?, ?, ?)",
                 size, header_size, lead, chunk, encoding, sent_day, structure)
            body = store.last_insert_rowid()
            for n, data in enumerate(chunks):
                rows("INSERT INTO chunks (id, data) VALUES (?, ?)", body << 12 | n, data)
            rows("INSERT INTO unindexed (body, size) VALUES (?, ?)", body, size)
            modseq = next_modseq()
            insert_message(inbox, uid, body, modseq, 0, size, 1700000000)
            rows("UPDATE mailboxes SET modseq = ?, uid_next = ? WHERE id = ?", modseq, uid + 1, inbox)
            rows("INSERT INTO delivery_keys (key, mailbox, uid_validity, uid, modseq, at) VALUES (?, ?, ?, ?, ?, ?)",
                 f"benchmark {delivered}", inbox, 1, uid, modseq, 1700000000)
            rows("RELEASE one")
            delivered += 1
        rows("COMMIT")


def metadata(first, last, structure):
    rows(f"SELECT {columns} FROM mailboxes WHERE id = ?", inbox)
    rows("SELECT position, name FROM keywords WHERE mailbox = ?", inbox)
    what = "b.structure" if structure else "NULL"
    return rows(
        f"""SELECT m.id, m.modseq, m.flags, m.internal_date, m.zone, m.size, m.body, b.header_size, {what}
            FROM messages m JOIN bodies b ON b.id = m.body WHERE m.id BETWEEN ? AND ? ORDER BY m.id""",
        inbox << 32 | first, inbox << 32 | last)


def piece(body, count):
    """The chunks that hold the first bytes, as they lie in the file."""
    size, lead, chunk, _ = rows("SELECT size, lead, chunk, encoding FROM bodies WHERE id = ?", body)[0]
    last = 0 if min(count, size) <= lead else (min(count, size) - lead - 1) // chunk + 1
    return [rows("SELECT data FROM chunks WHERE id = ?", body << 12 | n)[0][0] for n in range(last + 1)]


def index():
    while waiting := rows("SELECT body, size FROM unindexed ORDER BY body LIMIT 64"):
        for body, size in waiting:
            piece(body, size)
        rows("BEGIN IMMEDIATE")
        for body, _ in waiting:
            rows("DELETE FROM unindexed WHERE body = ?", body)
            rows("INSERT INTO texts (body, header, content, complete) VALUES (?, ?, ?, ?)",
                 body, *messages[(body - 1) % len(messages)][2])
        rows("COMMIT")


def headers(first, count):
    for start in range(first, first + count, 100):
        rows("BEGIN")
        found = metadata(start, min(start + 99, first + count - 1), True)
        for row in found:
            assert piece(row[6], row[7])
        rows("COMMIT")


def bodies(uids):
    for uid in uids:
        rows("BEGIN")
        row = metadata(uid, uid, False)[0]
        rows("COMMIT")
        rows("BEGIN")
        assert piece(row[6], 1 << 20)
        rows("COMMIT")


def flags(uids):
    for uid in uids:
        rows("BEGIN IMMEDIATE")
        rows(f"SELECT {columns} FROM mailboxes WHERE id = ?", inbox)
        rows("SELECT position, name FROM keywords WHERE mailbox = ?", inbox)
        number, old, _ = rows("SELECT m.id, m.flags, m.modseq FROM messages m WHERE m.id BETWEEN ? AND ? ORDER BY m.id",
                              inbox << 32 | uid, inbox << 32 | uid)[0]
        modseq = next_modseq()
        rows("UPDATE messages SET flags = ?, modseq = ? WHERE id = ?", old ^ 1, modseq, number)
        rows("UPDATE mailboxes SET modseq = ? WHERE id = ?", modseq, inbox)
        rows("COMMIT")


def search(words):
    found = 0
    for word in words:
        trigrams = " ".join(f'"{word[n:n + 3]}"' for n in range(len(word) - 2))
        candidates = {row[0] for row in rows("SELECT rowid FROM text_index WHERE text_index MATCH ?", trigrams)}
        rows("SELECT body FROM texts WHERE complete = 0 UNION ALL SELECT body FROM unindexed")
        everything = rows(
            """SELECT m.id, m.body, m.flags, m.modseq, m.size, m.internal_date + m.zone * 60, NULL
               FROM messages m WHERE m.id BETWEEN ? AND ? ORDER BY m.id""", inbox << 32, inbox << 32 | 0xFFFFFFFF)
        for row in everything:
            if row[1] in candidates:
                _, header, content = rows("SELECT complete, header, content FROM texts WHERE body = ?", row[1])[0]
                found += word in content or word in header
    assert found


def copy(count):
    global copied
    for _ in range(0, count, 10):
        rows("BEGIN IMMEDIATE")
        for mailbox in (inbox, archive):
            rows(f"SELECT {columns} FROM mailboxes WHERE id = ?", mailbox)
            rows("SELECT position, name FROM keywords WHERE mailbox = ?", mailbox)
        found = rows("""SELECT m.id, m.flags, m.size, m.internal_date, m.zone, m.body FROM messages m
                        WHERE m.id BETWEEN ? AND ? ORDER BY m.id""", inbox << 32 | copied + 1, inbox << 32 | copied + 10)
        modseq = next_modseq()
        for row in found:
            copied += 1
            insert_message(archive, copied, row[5], modseq, row[1], row[2], row[3])
        rows("UPDATE mailboxes SET modseq = ?, uid_next = ? WHERE id = ?", modseq, copied + 1, archive)
        rows("COMMIT")


def expunge(count):
    global expunged
    for _ in range(0, count, 10):
        rows("BEGIN IMMEDIATE")
        rows(f"SELECT {columns} FROM mailboxes WHERE id = ?", archive)
        found = rows("SELECT m.id, m.flags FROM messages m WHERE m.id BETWEEN ? AND ? ORDER BY m.id",
                     archive << 32 | expunged + 1, archive << 32 | expunged + 10)
        modseq = next_modseq()
        for row in found:
            rows("DELETE FROM messages WHERE id = ?", row[0])
        rows("INSERT INTO changes (kind, collection, modseq, first, last) VALUES (?, ?, ?, ?, ?)",
             1, archive, modseq, expunged + 1, expunged + 10)
        rows("UPDATE mailboxes SET modseq = ? WHERE id = ?", modseq, archive)
        rows("COMMIT")
        expunged += 10


def reopen(count):
    global store
    for _ in range(count):
        store.close()
        store = open_store()
        rows(f"SELECT {columns} FROM mailboxes WHERE name = ?", "INBOX")
        found = rows("SELECT m.id, m.flags, m.modseq FROM messages m WHERE m.id BETWEEN ? AND ? ORDER BY m.id",
                     inbox << 32, inbox << 32 | 0xFFFFFFFF)
        assert len(found) == delivered


dice = random.Random(99)
known = list({word for text in messages[:50] for word in text[2][1].split() if len(word) > 5})
for line in sys.stdin:
    command, count = line.split()
    count = int(count)
    uids = [dice.randrange(delivered or 1) + 1 for _ in range(count)]
    words = [dice.choice(known) for _ in range(count)]
    usage, start = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    {
        "deliver": lambda: deliver(count, 1), "deliver10": lambda: deliver(count, 10),
        "index": index, "headers": lambda: headers(uids[0] % max(1, delivered - count) + 1, count), "bodies": lambda: bodies(uids),
        "flags": lambda: flags(uids), "search": lambda: search(words), "copy": lambda: copy(count),
        "expunge": lambda: expunge(count), "open": lambda: reopen(count),
    }[command]()
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_SELF)
    print(wall, after.ru_utime + after.ru_stime - usage.ru_utime - usage.ru_stime, flush=True)
