# SPDX-License-Identifier: Apache-2.0
"""Our VFS in processes that can be killed: ctypes loads it, Python's sqlite3 then runs on it (both on libsqlite3).

usage: our_writer.py hot LIBRARY FILE KEY MODE        dies by SIGKILL in a transaction with a hot WAL or journal
       our_writer.py write LIBRARY FILE KEY           moves amounts between rows; prints a line for each commit
       our_writer.py read LIBRARY FILE KEY            checks the sum, until standard input ends
       our_writer.py torture LIBRARY FILE KEY ROUNDS  starts four writers and eight readers, kills them at random, checks all

FILE must exist with the tables of KillTests.swift. The torture: `ledger` sums to 0 at every commit, and a commit that was
reported is there after the kill.
"""
import ctypes
import os
import random
import select
import signal
import subprocess
import sys
import time

action, library, path, key = sys.argv[1:5]


def connect():
    vfs = ctypes.CDLL(library)  # before sqlite3 is imported, which initializes SQLite
    assert vfs.sealed_sqlite_register() == 0
    assert vfs.sealed_sqlite_add_key(path.encode(), bytes.fromhex(key), 0) == 0
    import sqlite3

    connection = sqlite3.connect(path, timeout=60, isolation_level=None)
    for pragma in ("temp_store=MEMORY", "synchronous=FULL", "cache_size=10", "wal_autocheckpoint=60"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def hot(mode):
    connection = connect()
    assert connection.execute(f"PRAGMA journal_mode={mode}").fetchone() == (mode,)
    connection.execute("BEGIN")
    for number in range(300):
        connection.execute("INSERT INTO notes (text) VALUES (?)", (f"note {number} " + "x" * 500,))
    connection.execute("COMMIT")
    connection.execute("BEGIN IMMEDIATE")
    for _ in range(400):  # more than the cache: spills into the WAL, or into main file and journal
        connection.execute("INSERT INTO notes (text) VALUES (?)", ("never committed " + "y" * 500,))
    connection.execute("UPDATE notes SET text = 'never committed'")
    os.kill(os.getpid(), signal.SIGKILL)


def write():
    connection = connect()
    dice = random.Random(os.getpid())
    number = 0
    while True:
        number += 1
        connection.execute("BEGIN IMMEDIATE")
        for _ in range(dice.randrange(1, 40)):
            amount, filler = dice.randrange(1000), "f" * dice.randrange(2000)
            connection.execute("INSERT INTO ledger (amount, text) VALUES (?, ?)", (amount, filler))
            connection.execute("INSERT INTO ledger (amount, text) VALUES (?, ?)", (-amount, filler))
        connection.execute("DELETE FROM ledger WHERE amount = 0")
        if dice.random() < 0.3:
            connection.execute(
                "DELETE FROM ledger WHERE id IN (SELECT id FROM ledger ORDER BY random() LIMIT ?)", (dice.randrange(200),))
            total = connection.execute("SELECT sum(amount) FROM ledger").fetchone()[0] or 0
            connection.execute("INSERT INTO ledger (amount, text) VALUES (?, 'difference')", (-total,))
        connection.execute("INSERT INTO reported (process, number) VALUES (?, ?)", (os.getpid(), number))
        if dice.random() < 0.1:
            connection.execute("ROLLBACK")
            number -= 1
            continue
        connection.execute("COMMIT")
        print(number, flush=True)
        time.sleep(dice.random() / 200)  # else the other writer, which polls for the lock, would hardly ever find it free
        if dice.random() < 0.1:
            # It keeps the write lock while it waits, and readers that overlap may keep it waiting for ever.
            connection.execute("PRAGMA busy_timeout=20")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            connection.execute("PRAGMA busy_timeout=60000")
        if dice.random() < 0.1:
            connection.execute("PRAGMA incremental_vacuum(5)").fetchall()


def check(connection, deep):
    connection.execute("BEGIN")
    first = connection.execute("SELECT coalesce(sum(amount), 0), sum(length(text)), count(*) FROM ledger").fetchone()
    assert first[0] == 0, first
    if deep:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    again = connection.execute("SELECT coalesce(sum(amount), 0), sum(length(text)), count(*) FROM ledger").fetchone()
    assert again == first, (first, again)
    connection.execute("COMMIT")


def read():
    connection = connect()
    rounds = 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        check(connection, deep=rounds % 20 == 0)
        rounds += 1
    print(rounds)


def torture(rounds):
    dice = random.Random()

    def start(what):
        return subprocess.Popen(
            [sys.executable, __file__, what, library, path, key],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    readers, reported, kills = [start("read") for _ in range(8)], {}, 0
    for _ in range(rounds):
        writers = [start("write") for _ in range(4)]
        for writer in writers:
            for _ in range(dice.randrange(1, 40)):
                line = writer.stdout.readline()
                assert line, f"a writer ended by itself: {writer.wait()}"
                reported[writer.pid] = int(line)
            writer.kill()
            kills += 1
            for line in writer.stdout:
                if line.endswith("\n"):
                    reported[writer.pid] = int(line)
            writer.wait()
        victim = dice.randrange(len(readers))
        assert readers[victim].poll() is None, f"a reader failed: {readers[victim].returncode}"
        readers[victim].kill()
        readers[victim].wait()
        readers[victim] = start("read")
        kills += 1
    for reader in readers:
        output, _ = reader.communicate("end\n")
        assert reader.returncode == 0 and int(output) >= 0, f"a reader failed: {reader.returncode}"
    connection = connect()
    check(connection, deep=True)
    found = dict(connection.execute("SELECT process, max(number) FROM reported GROUP BY process"))
    for process, number in reported.items():
        count = connection.execute("SELECT count(*) FROM reported WHERE process = ?", (process,)).fetchone()[0]
        assert number <= found[process] == count, (process, number, found, count)
    connection.close()
    print(f"{kills} kills, {sum(reported.values())} commits reported, none lost")


if action == "hot":
    hot(sys.argv[5])
elif action == "write":
    write()
elif action == "read":
    read()
elif action == "torture":
    torture(int(sys.argv[5]))
else:
    sys.exit(__doc__)
