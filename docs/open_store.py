# SPDX-License-Identifier: Apache-2.0
"""Opens a file of Mailkeep's store without Mailkeep: decrypts it, page by page, into a plain SQLite database.

usage: open_store.py FILE KEY OUTPUT      KEY: 64 hex digits, as `mailkeep account key ADDRESS` prints them

Committed transactions in FILE-wal are taken along; copy both files first when Mailkeep is running. docs/store.md explains the
format. Needs PyPI's `cryptography`.
"""
import pathlib
import struct
import sys

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.poly1305 import Poly1305

PAGE, RESERVED = 4096, 32
MAGIC = b"SQLite format 3\0"


def chacha20(key, nonce, counter, data):
    """RFC 8439 2.4; the counter is the first word of what this library calls the nonce."""
    return Cipher(algorithms.ChaCha20(key, struct.pack("<I", counter) + nonce), mode=None).encryptor().update(data)


def open_page(key, number, sealed):
    """The plain page of this number. A changed bit is an error, never other data."""
    nonce, tag = sealed[-32:-16], sealed[-16:]
    counter = struct.unpack("<I", nonce[12:])[0] ^ number
    one_time = chacha20(key, nonce[:12], counter, bytes(64))
    Poly1305.verify_tag(one_time[:32], sealed[:-16], tag)
    clear = 24 if number == 1 else 0
    data = chacha20(one_time[32:], nonce[:12], (counter + 1) % 2**32, sealed[clear:-RESERVED])
    head = MAGIC + sealed[16:24] if number == 1 else b""
    return head + data + sealed[-RESERVED:]


def checksum(start, data, order):
    """SQLite's running checksum of a WAL, over words of 32 bits (https://sqlite.org/fileformat2.html#checksum_algorithm)."""
    first, second = start
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for one, two in zip(words[::2], words[1::2]):
        first = (first + one + second) % 2**32
        second = (second + two + first) % 2**32
    return first, second


def committed_pages(wal):
    """Sealed pages by number, and the size of the file in pages, at the last commit in the WAL; None without one."""
    pages, size = {}, None
    if len(wal) < 32:
        return pages, size
    order = ">" if wal[3] & 1 else "<"
    state = checksum((0, 0), wal[:24], order)
    if state != struct.unpack(">2I", wal[24:32]):
        return pages, size
    pending = {}
    for at in range(32, len(wal) - 24 - PAGE + 1, 24 + PAGE):
        head, page = wal[at : at + 24], wal[at + 24 : at + 24 + PAGE]
        number, commit = struct.unpack(">2I", head[:8])
        state = checksum(checksum(state, head[:8], order), page, order)
        # what was left by an earlier use of the file, or never written whole, ends the log
        if head[8:16] != wal[16:24] or state != struct.unpack(">2I", head[16:24]):
            break
        pending[number] = page
        if commit:
            pages.update(pending)
            pending, size = {}, commit
    return pages, size


def main(path, key, output):
    key = bytes.fromhex(key)
    data = pathlib.Path(path).read_bytes()
    log = pathlib.Path(path + "-wal")
    newer, size = committed_pages(log.read_bytes() if log.exists() else b"")
    with open(output, "xb") as plain:
        for number in range(1, (size or len(data) // PAGE) + 1):
            sealed = newer.get(number) or data[(number - 1) * PAGE : number * PAGE]
            page = bytearray(open_page(key, number, sealed))
            if number == 1:
                page[18:20] = b"\1\1"  # no longer in WAL mode: the log is in it now
            plain.write(page)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
