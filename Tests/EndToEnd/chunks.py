# SPDX-License-Identifier: Apache-2.0
"""What lies in `chunks` of an account's file, as docs/store.md says: a zstd frame, or the bytes themselves."""
import ctypes

zstd = ctypes.CDLL("libzstd.so.1")
zstd.ZSTD_decompress.restype = ctypes.c_size_t


def plain(chunk):
    room = ctypes.create_string_buffer(128 * 1024)
    size = zstd.ZSTD_decompress(room, ctypes.c_size_t(len(room)), chunk, ctypes.c_size_t(len(chunk)))
    return chunk if zstd.ZSTD_isError(ctypes.c_size_t(size)) else room.raw[:size]
