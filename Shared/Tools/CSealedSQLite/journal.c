// SPDX-License-Identifier: Apache-2.0
// The rollback journal: records of [page number, 4][page][checksum of the plain page, 4]. Only the page is encrypted.
// Its headers are sectors of 512 bytes (the VFS reports POWERSAFE_OVERWRITE), so no header is as long as a page.
#include "internal.h"

static int number_before(sealed_file *f, sqlite3_int64 offset, unsigned int *number) {
    unsigned char bytes[4];
    int rc = real_read(f, bytes, sizeof bytes, offset - 4);
    *number = get_be32(bytes);
    return rc;
}

static int is_page(const sealed_file *f, int amount, sqlite3_int64 offset) {
    return amount == f->main->page_size && offset >= 4;
}

int sealed_journal_read(sqlite3_file *file, void *to, int amount, sqlite3_int64 offset) {
    sealed_file *f = (sealed_file *)file;
    int rc = real_read(f, to, amount, offset);
    if (rc != SQLITE_OK || !is_page(f, amount, offset)) return rc;
    unsigned int number;
    rc = number_before(f, offset, &number);
    if (rc == SQLITE_OK && sealed_page_in(f->main, number, to, to) != SQLITE_OK) rc = SQLITE_CORRUPT;
    return rc;
}

int sealed_journal_write(sqlite3_file *file, const void *from, int amount, sqlite3_int64 offset) {
    sealed_file *f = (sealed_file *)file;
    if (!is_page(f, amount, offset)) return real_write(f, from, amount, offset);
    unsigned int number;
    int rc = number_before(f, offset, &number);
    if (rc == SQLITE_OK) rc = sealed_page_out(f->main, number, from, f->buffer);
    if (rc == SQLITE_OK) rc = real_write(f, f->buffer, amount, offset);
    return rc;
}
