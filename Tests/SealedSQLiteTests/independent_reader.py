# SPDX-License-Identifier: Apache-2.0
"""SQLite3 Multiple Ciphers (apsw-sqlite3mc) beside our VFS.

usage: independent_reader.py read FILE KEY            prints integrity_check and the notes
       independent_reader.py write FILE KEY MODE N    makes FILE with N notes; MODE is delete or wal
       independent_reader.py hot FILE KEY MODE N      as write, then dies by SIGKILL with a hot WAL or journal
"""
import os
import signal
import sys

import apsw

action, path, key = sys.argv[1:4]
connection = apsw.Connection(path)
connection.pragma("cipher", "chacha20")
connection.pragma("key", f"raw:{key}")
if action == "read":
    print(connection.pragma("integrity_check"))
    for (text,) in connection.execute("SELECT text FROM notes ORDER BY id"):
        print(text)
else:
    mode, count = sys.argv[4], int(sys.argv[5])
    connection.execute(f"PRAGMA journal_mode={mode}")
    connection.execute("PRAGMA cache_size=10")
    connection.execute("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text TEXT)")
    with connection:
        for number in range(count):
            connection.execute("INSERT INTO notes (text) VALUES (?)", (f"note {number} " + "x" * 500,))
    if action == "hot":
        connection.execute("BEGIN IMMEDIATE")
        for number in range(400):  # more than the cache: spills into WAL, or main file and journal
            connection.execute("INSERT INTO notes (text) VALUES (?)", ("never committed " + "y" * 500,))
        connection.execute("UPDATE notes SET text = 'never committed'")
        os.kill(os.getpid(), signal.SIGKILL)
    connection.close()
