// SPDX-License-Identifier: Apache-2.0
// A SQLite VFS that encrypts pages with ChaCha20-Poly1305 in the `chacha20` format of SQLite3 Multiple Ciphers.
// Shared/Tools/SealedSQLite/SealedSQLite.md has the format byte by byte.
#pragma once

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

/// The type of the file system that holds `path` (`f_type` of statfs(2)), or -1 with errno set.
long sealed_sqlite_file_system(const char *path);
