// SPDX-License-Identifier: Apache-2.0
// A SQLite VFS that encrypts pages with ChaCha20-Poly1305 in the `chacha20` format of SQLite3 Multiple Ciphers.
// docs/store.md has the format byte by byte.
#pragma once
#include <stddef.h>

#define SEALED_SQLITE_KEY_BYTES 32

/// Initializes libsodium and SQLite and makes the VFS `sealed` the default of this process. Call it once, before
/// anything else uses SQLite. Returns a SQLite result code.
int sealed_sqlite_register(void);
struct sqlite3_vfs;
/// For tests: the same over another VFS than the system's, which `base` finds or makes once SQLite is initialized.
int sealed_sqlite_register_over(struct sqlite3_vfs *(*base)(void));

/// Tells the key of the main database file at `path`. Counted: each call wants one `sealed_sqlite_forget_key`.
/// A second call for the same file must bring the same key (SQLITE_MISUSE otherwise).
/// `vacuum_target`: not 0 when the file is about to be made by VACUUM INTO. Any other file must exist before it is opened
/// (an empty one is a new database).
int sealed_sqlite_add_key(const char *path, const unsigned char key[SEALED_SQLITE_KEY_BYTES], int vacuum_target);
void sealed_sqlite_forget_key(const char *path);

/// For tests and salvage: encrypts or decrypts one page in place as the VFS does. `page_size` is 512 to 65536,
/// `number` the page number from 1.
/// Encrypting takes the 16 nonce bytes from where they belong in the page. Decrypting returns 0, or -1 when the tag
/// does not fit (the page is then left as it was).
void sealed_sqlite_encrypt_page(const unsigned char key[SEALED_SQLITE_KEY_BYTES], unsigned int number,
                                unsigned char *page, int page_size);
int sealed_sqlite_decrypt_page(const unsigned char key[SEALED_SQLITE_KEY_BYTES], unsigned int number,
                               unsigned char *page, int page_size);

/// One moment's state of a file in use, read as ciphertext and without its key: no writer, reader or opener waits for it.
/// While it is open, a checkpoint goes no further than what was committed and nobody begins the log anew, so the log
/// grows: keep it short.
typedef struct sealed_snapshot sealed_snapshot;

/// Waits at most `milliseconds` for each of two locks that others hold for moments only. SQLITE_OK; SQLITE_BUSY; SQLITE_CANTOPEN
/// (no such file, no right to write to it and its log's index); SQLITE_NOTADB: not a file of ours in WAL mode.
int sealed_snapshot_open(const char *path, int milliseconds, sealed_snapshot **out);
int sealed_snapshot_page_size(const sealed_snapshot *);
/// Pages of the state. Their bytes, one after the other, are a whole database that needs no log.
unsigned int sealed_snapshot_pages(const sealed_snapshot *);
/// Takes in what was committed since: the state is that of now. Tells, in order, the pages that may be other than they were
/// (of `*changed`, which `sealed_snapshot_free` frees, `*count`). SQLITE_OK, or SQLITE_BUSY_SNAPSHOT as `sealed_snapshot_check`.
int sealed_snapshot_update(sealed_snapshot *, unsigned int **changed, size_t *count);
void sealed_snapshot_free(unsigned int *changed);
/// One page, from 1. A short read is an error: the file is damaged. A page that the state has and nobody ever wrote (one
/// transaction took and freed it) is all zeros: whoever has the key makes an encrypted page of zeros of it.
int sealed_snapshot_read(sealed_snapshot *, unsigned int number, unsigned char *page);
/// Whether anybody ever wrote that page.
int sealed_snapshot_is_written(sealed_snapshot *, unsigned int number);
/// To be asked once all pages are read: SQLITE_OK, or SQLITE_BUSY_SNAPSHOT when someone did begin the log anew, which no
/// SQLite does.
int sealed_snapshot_check(sealed_snapshot *);
/// Whether the log has lost commits that were on disk once: behind the last that is whole, in `*cut`. What a writer that was
/// killed left behind there is none. The state becomes that of now, as with `sealed_snapshot_update`.
int sealed_snapshot_is_cut(sealed_snapshot *, int *cut);
void sealed_snapshot_close(sealed_snapshot *);

/// The type of the file system that holds `path` (`f_type` of statfs(2)), or -1 with errno set.
long sealed_sqlite_file_system(const char *path);
