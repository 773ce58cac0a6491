// SPDX-License-Identifier: Apache-2.0
// What the files of this module share.
#pragma once
#include <openssl/evp.h>
#include <sodium.h>
#include <sqlite3.h>
#include <string.h>

#include "sealed_sqlite.h"

enum { RESERVE = 32, NONCE = 16, NONCES = 64, TAG = 16, SALT = 16, PAGE_SIZE = 4096, MAX_PAGE_SIZE = 65536 };
/// Of the write-ahead log and of each of its frames, in clear.
enum { SEALED_WAL_HEADER = 32, SEALED_FRAME_HEADER = 24 };
/// Most bytes by which a file grows at once by pages that SQLite did not write: pages that one transaction took and freed.
enum { MAX_GAP = 256 << 20 };

/// One registered key, in locked memory. The registry counts the users: registrations and open files.
typedef struct sealed_key {
    struct sealed_key *next;
    char *path;
    unsigned char *bytes; // sodium_malloc
    int users;
    int vacuum_target;
} sealed_key;

sealed_key *sealed_key_acquire(const char *path);
void sealed_key_release(sealed_key *key);

/// Contexts of libcrypto for one thread at a time. Made for each page they would cost more than they gain. NULL where there is
/// none: libsodium does it.
typedef struct sealed_bulk {
    EVP_CIPHER_CTX *cipher;
    EVP_MAC_CTX *mac;
} sealed_bulk;

/// Once for the process, before a file is opened.
void sealed_bulk_prepare(void);
void sealed_bulk_open(sealed_bulk *bulk);
void sealed_bulk_close(sealed_bulk *bulk);

typedef struct sealed_file sealed_file;

/// An open file: ours in front, the system VFS's own behind it in the same allocation.
struct sealed_file {
    sqlite3_file base;
    sqlite3_file *real;
    /// Main file: itself. WAL and journal: the main file that they belong to.
    sealed_file *main;
    sealed_key *key;       // main file only
    sealed_bulk bulk;      // main file only
    int page_size;         // of the main file
    int has_salt;          // main file only
    unsigned char salt[SALT];
    unsigned char nonces[NONCES][NONCE]; // main file only: random, the last `nonces_left` not yet used
    int nonces_left;
    /// Main file only. Counts its locks taken and let go: what only a lock's holder may change is as it was while this is.
    unsigned long long lock_changes;
    sqlite3_int64 filled; // main file only: it has this many bytes or more, as of `filled_at` in `lock_changes`
    unsigned long long filled_at;
    unsigned char *buffer; // a frame: page_size + 24
    /// Main file only. While it has the lock of checkpoints: the page that was read from the log last, in clear and behind
    /// that as it lies in the log, which is as it lies in the file (NULL before there was one; number 0: none).
    int checkpointing;
    unsigned char *carried;
    unsigned int carried_number;
    // WAL only
    unsigned char header[24];    // of a frame, written and waiting for its page
    sqlite3_int64 header_offset; // -1: none waits
    sqlite3_int64 read_offset;   // of the frame that `buffer` holds as ciphertext, -1: none
    sqlite3_int64 chain_offset;  // where the next frame of a recovery begins
    unsigned int cipher_chain[2], plain_chain[2];
    int little_endian;           // the WAL's header was read once, and its words are; so write all processes of this machine
    // Where the frame behind the last written one begins (-1: not known), and the chain up to there, as of `written_at` in
    // the main file's `lock_changes`.
    sqlite3_int64 written_end;
    unsigned int written_chain[2];
    unsigned long long written_at;
};

int sealed_main_read(sqlite3_file *, void *, int, sqlite3_int64);
int sealed_main_write(sqlite3_file *, const void *, int, sqlite3_int64);
/// Appends encrypted zero pages until the main file has `upto` bytes; nothing when it has.
int sealed_main_fill(sealed_file *main, sqlite3_int64 upto);
/// Remembers a page of the log for `sealed_main_write`, during a checkpoint.
void sealed_main_carry(sealed_file *main, unsigned int number, const unsigned char *page, const unsigned char *sealed);
/// Forgets it.
void sealed_main_drop(sealed_file *main);
int sealed_wal_read(sqlite3_file *, void *, int, sqlite3_int64);
int sealed_wal_write(sqlite3_file *, const void *, int, sqlite3_int64);
void sealed_wal_checksum(int big_endian, const unsigned char *data, int length, unsigned int chain[2]);
/// Of the first 24 bytes of a main file, which are in clear (but the salt); 0: no file of this kind.
int sealed_page_size(const unsigned char header[24]);
int sealed_journal_read(sqlite3_file *, void *, int, sqlite3_int64);
int sealed_journal_write(sqlite3_file *, const void *, int, sqlite3_int64);

/// Encrypts a page into `out`, with a fresh nonce and, for page 1, the file's salt.
int sealed_page_out(sealed_file *main, unsigned int number, const unsigned char *page, unsigned char *out);
/// Decrypts a page into `out`, which may be `page`; page 1 gets SQLite's magic back. SQLITE_OK, or SQLITE_CORRUPT (page 1:
/// SQLITE_NOTADB) with `out` zeroed.
int sealed_page_in(sealed_file *main, unsigned int number, const unsigned char *page, unsigned char *out);
/// The system VFS's read and write. A short read is SQLITE_IOERR_SHORT_READ, the rest zeroed.
static inline int real_read(sealed_file *f, void *to, int n, sqlite3_int64 at) {
    return f->real->pMethods->xRead(f->real, to, n, at);
}
static inline int real_write(sealed_file *f, const void *from, int n, sqlite3_int64 at) {
    return f->real->pMethods->xWrite(f->real, from, n, at);
}
static inline unsigned int get_be32(const unsigned char *p) {
    return (unsigned int)p[0] << 24 | (unsigned int)p[1] << 16 | (unsigned int)p[2] << 8 | p[3];
}
static inline void put_be32(unsigned char *p, unsigned int v) {
    p[0] = v >> 24, p[1] = v >> 16, p[2] = v >> 8, p[3] = v;
}
static inline void put_le32(unsigned char *p, unsigned int v) {
    p[3] = v >> 24, p[2] = v >> 16, p[1] = v >> 8, p[0] = v;
}
static inline unsigned int get_le32(const unsigned char *p) {
    return (unsigned int)p[3] << 24 | (unsigned int)p[2] << 16 | (unsigned int)p[1] << 8 | p[0];
}
