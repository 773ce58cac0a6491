// SPDX-License-Identifier: Apache-2.0
// The write-ahead log: a header of 32 bytes, then frames of a header (24, in clear) and an encrypted page. The chain of
// checksums goes over what is on disk, so over ciphertext; SQLite, which sees plain pages, is given a chain over those.
#include "internal.h"

enum { WAL_HEADER = SEALED_WAL_HEADER, FRAME_HEADER = SEALED_FRAME_HEADER };

static int frame_size(const sealed_file *f) { return FRAME_HEADER + f->main->page_size; }
static int starts_frame(const sealed_file *f, sqlite3_int64 offset) {
    return offset >= WAL_HEADER && (offset - WAL_HEADER) % frame_size(f) == 0;
}

// SQLite's checksum of the WAL; the byte order of its words is in bit 0 of the WAL's magic.
void sealed_wal_checksum(int big_endian, const unsigned char *data, int length, unsigned int chain[2]) {
    unsigned int a = chain[0], b = chain[1];
    for (int i = 0; i < length; i += 8) {
        a += (big_endian ? get_be32(data + i) : get_le32(data + i)) + b;
        b += (big_endian ? get_be32(data + i + 4) : get_le32(data + i + 4)) + a;
    }
    chain[0] = a, chain[1] = b;
}

static void frame_checksum(int big_endian, const unsigned char *header, const unsigned char *page, int size,
                           unsigned int chain[2]) {
    sealed_wal_checksum(big_endian, header, 8, chain);
    sealed_wal_checksum(big_endian, page, size, chain);
}

// What must be there: a log that is shorter than SQLite knows it (a failed sync may drop what was written) is damaged.
static int read_known(sealed_file *f, void *to, int amount, sqlite3_int64 offset) {
    int rc = real_read(f, to, amount, offset);
    return rc == SQLITE_IOERR_SHORT_READ ? SQLITE_CORRUPT : rc;
}

static int byte_order(sealed_file *f, int *big_endian) {
    *big_endian = 0;
    if (f->little_endian) return SQLITE_OK;
    unsigned char magic[4];
    int rc = read_known(f, magic, sizeof magic, 0);
    *big_endian = magic[3] & 1;
    f->little_endian = rc == SQLITE_OK && !*big_endian;
    return rc;
}

// The chain on disk up to the frame at `offset`: from the header of the frame before it, or the WAL's. Read anew unless that
// frame was the last write here and the write lock was not let go since: another process may have written there.
static int chain_before(sealed_file *f, sqlite3_int64 offset, unsigned int chain[2]) {
    if (offset == f->written_end && f->main->lock_changes == f->written_at) {
        memcpy(chain, f->written_chain, sizeof f->written_chain);
        return SQLITE_OK;
    }
    unsigned char bytes[8];
    sqlite3_int64 at = offset == WAL_HEADER ? 24 : offset - frame_size(f) + 16;
    int rc = read_known(f, bytes, sizeof bytes, at);
    chain[0] = get_be32(bytes), chain[1] = get_be32(bytes + 4);
    return rc;
}

// Puts the chain over `header` and the ciphertext `page` into `header`, and returns it too.
static int chain_into(sealed_file *f, unsigned char *header, const unsigned char *page, sqlite3_int64 offset,
                      unsigned int chain[2]) {
    int big_endian;
    int rc = byte_order(f, &big_endian);
    if (rc == SQLITE_OK) rc = chain_before(f, offset, chain);
    if (rc != SQLITE_OK) return rc;
    frame_checksum(big_endian, header, page, f->main->page_size, chain);
    put_be32(header + 16, chain[0]);
    put_be32(header + 20, chain[1]);
    return SQLITE_OK;
}

// SQLite reads whole frames when it recovers (in order, from the first) and when it computes checksums anew.
static int read_frame(sealed_file *f, unsigned char *to, int amount, sqlite3_int64 offset) {
    int rc = real_read(f, f->buffer, amount, offset);
    memcpy(to, f->buffer, amount);
    f->read_offset = -1;
    if (rc != SQLITE_OK) return rc;
    f->read_offset = offset;
    int size = f->main->page_size, big_endian;
    rc = byte_order(f, &big_endian);
    if (rc == SQLITE_OK && offset == WAL_HEADER) {
        rc = chain_before(f, offset, f->cipher_chain);
        memcpy(f->plain_chain, f->cipher_chain, sizeof f->plain_chain);
        f->chain_offset = offset;
    }
    if (rc != SQLITE_OK) return rc;
    unsigned char *page = to + FRAME_HEADER;
    int recovering = f->chain_offset == offset;
    if (recovering) {
        frame_checksum(big_endian, to, page, size, f->cipher_chain);
        if (get_be32(to + 16) != f->cipher_chain[0] || get_be32(to + 20) != f->cipher_chain[1]) {
            // Where the log ends for SQLite too: a checksum that cannot fit.
            f->chain_offset = -1;
            frame_checksum(big_endian, to, page, size, f->plain_chain);
            put_be32(to + 16, ~f->plain_chain[0]);
            return SQLITE_OK;
        }
    }
    rc = sealed_page_in(f->main, get_be32(to), page, page);
    if (rc != SQLITE_OK) return SQLITE_CORRUPT;
    if (recovering) {
        frame_checksum(big_endian, to, page, size, f->plain_chain);
        put_be32(to + 16, f->plain_chain[0]);
        put_be32(to + 20, f->plain_chain[1]);
        f->chain_offset = offset + amount;
    }
    return SQLITE_OK;
}

int sealed_wal_read(sqlite3_file *file, void *to, int amount, sqlite3_int64 offset) {
    sealed_file *f = (sealed_file *)file;
    if (amount == frame_size(f) && starts_frame(f, offset)) return read_frame(f, to, amount, offset);
    if (amount != f->main->page_size || !starts_frame(f, offset - FRAME_HEADER)) return real_read(f, to, amount, offset);
    f->read_offset = -1;
    int rc = read_known(f, f->buffer, frame_size(f), offset - FRAME_HEADER);
    if (rc != SQLITE_OK) return rc;
    unsigned int number = get_be32(f->buffer);
    if (sealed_page_in(f->main, number, f->buffer + FRAME_HEADER, to) != SQLITE_OK) return SQLITE_CORRUPT;
    sealed_main_carry(f->main, number, to, f->buffer + FRAME_HEADER);
    return SQLITE_OK;
}

// A frame's page: with the header that waits for it, or alone when SQLite writes a page of this transaction again.
static int write_page(sealed_file *f, const void *from, int amount, sqlite3_int64 offset) {
    sqlite3_int64 frame = offset - FRAME_HEADER;
    int with_header = f->header_offset == frame;
    f->header_offset = f->read_offset = -1;
    if (with_header) {
        memcpy(f->buffer, f->header, FRAME_HEADER);
    } else {
        int rc = read_known(f, f->buffer, FRAME_HEADER, frame);
        if (rc != SQLITE_OK) return rc;
    }
    unsigned char *page = f->buffer + FRAME_HEADER;
    unsigned int chain[2];
    int rc = sealed_page_out(f->main, get_be32(f->buffer), from, page);
    if (rc == SQLITE_OK && with_header) rc = chain_into(f, f->buffer, page, frame, chain);
    f->written_end = -1;
    if (rc != SQLITE_OK) return rc;
    if (!with_header) return real_write(f, page, amount, offset);
    rc = real_write(f, f->buffer, frame_size(f), frame);
    if (rc != SQLITE_OK) return rc;
    f->written_end = frame + frame_size(f);
    f->written_at = f->main->lock_changes;
    memcpy(f->written_chain, chain, sizeof chain);
    return SQLITE_OK;
}

int sealed_wal_write(sqlite3_file *file, const void *from, int amount, sqlite3_int64 offset) {
    sealed_file *f = (sealed_file *)file;
    if (amount == f->main->page_size && starts_frame(f, offset - FRAME_HEADER)) return write_page(f, from, amount, offset);
    if (amount == FRAME_HEADER && starts_frame(f, offset)) {
        memcpy(f->header, from, FRAME_HEADER);
        if (f->read_offset != offset) {
            f->header_offset = offset;
            return SQLITE_OK;
        }
        // SQLite has just read this frame to compute its checksum anew; the ciphertext is still in the buffer.
        f->read_offset = f->written_end = -1;
        unsigned int chain[2];
        int rc = chain_into(f, f->header, f->buffer + FRAME_HEADER, offset, chain);
        return rc == SQLITE_OK ? real_write(f, f->header, FRAME_HEADER, offset) : rc;
    }
    f->header_offset = f->read_offset = f->chain_offset = f->written_end = -1;
    return real_write(f, from, amount, offset);
}
