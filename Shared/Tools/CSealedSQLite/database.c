// SPDX-License-Identifier: Apache-2.0
// The main database file: whole encrypted pages, each with its nonce and tag in the last 32 bytes.
#include <stdlib.h>

#include "internal.h"

// A new file: SQLite reads 100 bytes of header before there is one, and adopts the page size and reserve that it finds.
// That also fixes its auto-vacuum mode, which PRAGMA auto_vacuum then no longer changes: incremental for every new file.
static int empty_header(sealed_file *f, unsigned char *to, int amount, sqlite3_int64 offset) {
    memset(to, 0, amount);
    if (offset == 0 && amount >= 24 && !f->key->vacuum_target) {
        to[16] = PAGE_SIZE >> 8;
        to[20] = RESERVE;
        if (amount >= 68) to[55] = to[67] = 1;
    }
    return SQLITE_IOERR_SHORT_READ;
}

// SQLite reads the header of a file that it opens without any lock: a checkpoint may be writing that page just now.
// Only what is in clear matters to it then; the page is read again, and checked, under a lock.
static void unlocked_header(sealed_file *f, unsigned char *to, int amount) {
    unsigned char clear[24];
    memset(to, 0, amount);
    if (real_read(f, clear, sizeof clear, 0) == SQLITE_OK) memcpy(to + 16, clear + 16, 8);
    memcpy(to, "SQLite format 3", SALT);
}

int sealed_main_read(sqlite3_file *file, void *to, int amount, sqlite3_int64 offset) {
    sealed_file *f = (sealed_file *)file;
    int size = f->page_size;
    unsigned int number = (unsigned int)(offset / size) + 1;
    int inside = (int)(offset % size);
    if (inside + amount > size) return SQLITE_IOERR_READ;
    int rc = real_read(f, f->buffer, size, offset - inside);
    if (rc == SQLITE_IOERR_SHORT_READ) {
        sqlite3_int64 file_size = 0;
        int failed = f->real->pMethods->xFileSize(f->real, &file_size);
        if (failed != SQLITE_OK) return failed;
        if (file_size > offset - inside) {
            // a torn last page: never data
            memset(to, 0, amount);
            return number == 1 ? SQLITE_NOTADB : SQLITE_CORRUPT;
        }
        return empty_header(f, to, amount, offset);
    }
    if (rc != SQLITE_OK) return rc;
    if (amount == size) return sealed_page_in(f, number, f->buffer, to);
    rc = sealed_page_in(f, number, f->buffer, f->buffer);
    if (rc == SQLITE_NOTADB && offset == 0 && amount == 100) {
        unlocked_header(f, to, amount);
        return SQLITE_OK;
    }
    memcpy(to, f->buffer + inside, amount);
    sodium_memzero(f->buffer, size);
    return rc;
}

// Pages past the end that SQLite never writes would be zeros, which is no valid page. The size of the file after a rollback
// or checkpoint stands in clear in the log: a damaged one must not fill the disk with such pages.
int sealed_main_fill(sealed_file *f, sqlite3_int64 upto) {
    // Others cut the file only under locks that its writer holds.
    if (f->filled_at == f->lock_changes && upto <= f->filled) return SQLITE_OK;
    sqlite3_int64 size = 0;
    int rc = f->real->pMethods->xFileSize(f->real, &size);
    f->filled = size, f->filled_at = f->lock_changes;
    if (rc != SQLITE_OK || size >= upto) return rc;
    if (upto - size > MAX_GAP) return SQLITE_CORRUPT;
    static const unsigned char zeros[MAX_PAGE_SIZE];
    for (size -= size % f->page_size; size < upto && rc == SQLITE_OK; size += f->page_size) {
        rc = sealed_page_out(f, (unsigned int)(size / f->page_size) + 1, zeros, f->buffer);
        if (rc == SQLITE_OK) rc = real_write(f, f->buffer, f->page_size, size);
    }
    return rc;
}

void sealed_main_carry(sealed_file *f, unsigned int number, const unsigned char *page, const unsigned char *sealed) {
    if (!f->checkpointing || (!f->carried && !(f->carried = malloc(2 * f->page_size)))) return;
    memcpy(f->carried, page, f->page_size);
    memcpy(f->carried + f->page_size, sealed, f->page_size);
    f->carried_number = number;
}

void sealed_main_drop(sealed_file *f) {
    if (f->carried) sodium_memzero(f->carried, f->page_size);
    f->carried_number = 0;
}

int sealed_main_write(sqlite3_file *file, const void *from, int amount, sqlite3_int64 offset) {
    sealed_file *f = (sealed_file *)file;
    if (amount != f->page_size || offset % amount != 0) return SQLITE_IOERR_WRITE;
    unsigned int number = (unsigned int)(offset / amount) + 1;
    int rc = sealed_main_fill(f, offset);
    if (rc != SQLITE_OK) return rc;
    // A checkpoint moves pages: what is the same in clear need not be encrypted anew.
    if (number == f->carried_number && memcmp(from, f->carried, amount) == 0)
        return real_write(f, f->carried + amount, amount, offset);
    rc = sealed_page_out(f, number, from, f->buffer);
    return rc == SQLITE_OK ? real_write(f, f->buffer, amount, offset) : rc;
}
