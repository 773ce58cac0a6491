# SPDX-License-Identifier: Apache-2.0
"""Files of accounts as others than Mailkeep read them: by SQLite3 Multiple Ciphers, and as docs/store.md says."""
import contextlib
import ctypes
import shutil
import tempfile

import apsw

zstd = ctypes.CDLL("libzstd.so.1")
zstd.ZSTD_decompress.restype = ctypes.c_size_t


@contextlib.contextmanager
def opened(path, key):
    """A sound file. apsw.NotADBError: the key is another's."""
    connection = apsw.Connection(str(path))
    try:
        connection.pragma("cipher", "chacha20")
        connection.pragma("key", f"raw:{key}")
        assert connection.pragma("integrity_check") == "ok", path
        yield connection
    finally:
        connection.close()


def opens(path, key):
    """Whether the key is that of the file, which others use: a copy is tried, with its log."""
    with tempfile.TemporaryDirectory() as folder:
        for part in ("", "-wal"):
            if path.with_name(path.name + part).exists():
                shutil.copy(path.with_name(path.name + part), folder)
        try:
            with opened(f"{folder}/{path.name}", key):
                return True
        except apsw.NotADBError:
            return False


def plain(chunk):
    """What lies in `chunks`: a zstd frame, or the bytes themselves."""
    room = ctypes.create_string_buffer(128 * 1024)
    size = zstd.ZSTD_decompress(room, ctypes.c_size_t(len(room)), chunk, ctypes.c_size_t(len(chunk)))
    return chunk if zstd.ZSTD_isError(ctypes.c_size_t(size)) else room.raw[:size]
