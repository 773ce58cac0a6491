// SPDX-License-Identifier: Apache-2.0
// What of a file's log is of a snapshot: the newest frame of each page up to the last commit, and whether anything goes on behind.
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "snapshot.h"

// https://www.sqlite.org/walformat.html: the header of the wal-index, which is there twice.
enum { INDEX_HEADER = 48, INDEX_FRAMES = 16, INDEX_SALTS = 32 };

static int read_fully(int descriptor, void *to, size_t amount, off_t at) {
    unsigned char *next = to;
    while (amount > 0) {
        ssize_t got = pread(descriptor, next, amount, at);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return SQLITE_IOERR_READ;
        if (got == 0) return SQLITE_IOERR_SHORT_READ;
        next += got, at += got, amount -= got;
    }
    return SQLITE_OK;
}

// Newest frame of a page first, so that the first of each page is the one that counts.
static int by_page(const void *a, const void *b) {
    const page_frame *x = a, *y = b;
    if (x->page != y->page) return x->page < y->page ? -1 : 1;
    return x->frame == y->frame ? 0 : x->frame > y->frame ? -1 : 1;
}

static void keep_newest(frame_list *list) {
    if (list->count == 0) return;
    qsort(list->at, list->count, sizeof *list->at, by_page);
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (kept == 0 || list->at[kept - 1].page != list->at[i].page) list->at[kept++] = list->at[i];
    list->count = kept;
}

static int grow(frame_list *list) {
    size_t room = list->room ? list->room * 2 : 1024;
    page_frame *more = realloc(list->at, room * sizeof *more);
    if (!more) return SQLITE_NOMEM;
    list->at = more, list->room = room;
    return SQLITE_OK;
}

static int add(frame_list *list, page_frame next) {
    int rc = list->count == list->room ? grow(list) : SQLITE_OK;
    if (rc == SQLITE_OK) list->at[list->count++] = next;
    return rc;
}

// The frames from `base` on up to the last commit whose salts and checksums fit: what a recovery would find.
static int read_frames(sealed_snapshot *s, unsigned int chain[2], int big_endian) {
    size_t size = SEALED_FRAME_HEADER + s->page_size, committed = 0;
    unsigned char *frame = malloc(size);
    if (!frame) return SQLITE_NOMEM;
    int rc = SQLITE_OK;
    for (uint32_t number = s->base; rc == SQLITE_OK; number++) {
        rc = read_fully(s->wal, frame, size, SEALED_WAL_HEADER + (off_t)number * size);
        if (rc != SQLITE_OK || memcmp(frame + 8, s->wal_header + 16, 8) != 0) break;
        sealed_wal_checksum(big_endian, frame, 8, chain);
        sealed_wal_checksum(big_endian, frame + SEALED_FRAME_HEADER, s->page_size, chain);
        if (chain[0] != get_be32(frame + 16) || chain[1] != get_be32(frame + 20) || get_be32(frame) == 0) break;
        // Pages that were written again and again need their place once.
        if (s->recent.count == s->recent.room && committed == s->recent.count) {
            keep_newest(&s->recent);
            committed = s->recent.count;
            if (s->recent.count > s->recent.room / 2) rc = grow(&s->recent);
        }
        if (rc == SQLITE_OK) rc = add(&s->recent, (page_frame){get_be32(frame), number});
        unsigned int pages = get_be32(frame + 4);
        if (rc != SQLITE_OK || !pages) continue;
        s->pages = pages, s->end = number + 1, committed = s->recent.count;
        memcpy(s->end_chain, chain, sizeof s->end_chain);
    }
    free(frame);
    s->recent.count = committed;
    keep_newest(&s->recent);
    return rc == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : rc;
}

int sealed_log_read(sealed_snapshot *s) {
    if (s->wal < 0) s->wal = open(s->wal_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (s->wal < 0) return errno == ENOENT ? SQLITE_OK : SQLITE_CANTOPEN;
    int rc = read_fully(s->wal, s->wal_header, sizeof s->wal_header, 0);
    if (rc == SQLITE_IOERR_SHORT_READ) {
        memset(s->wal_header, 0, sizeof s->wal_header);
        return SQLITE_OK;
    }
    if (rc != SQLITE_OK) return rc;
    unsigned int magic = get_be32(s->wal_header);
    unsigned int chain[2] = {0, 0};
    if ((magic & ~1u) != 0x377f0682) return SQLITE_OK;
    int big_endian = magic & 1;
    sealed_wal_checksum(big_endian, s->wal_header, 24, chain);
    if (chain[0] != get_be32(s->wal_header + 24) || chain[1] != get_be32(s->wal_header + 28)) return SQLITE_OK;
    if ((int)get_be32(s->wal_header + 8) != s->page_size) return SQLITE_CORRUPT;
    if (s->base > 0) memcpy(chain, s->base_chain, sizeof chain);
    return read_frames(s, chain, big_endian);
}

// The frame that holds a page, if the log has it.
static const page_frame *find_in(const frame_list *list, unsigned int number) {
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (list->at[middle].page < number) low = middle + 1;
        else high = middle;
    }
    return low < list->count && list->at[low].page == number ? &list->at[low] : NULL;
}

static const page_frame *find(const sealed_snapshot *s, unsigned int number) {
    const page_frame *found = find_in(&s->recent, number);
    return found ? found : find_in(&s->settled, number);
}

int sealed_log_has(const sealed_snapshot *s, unsigned int number) { return find(s, number) != NULL; }

int sealed_log_page(sealed_snapshot *s, unsigned int number, unsigned char *page) {
    const page_frame *found = find(s, number);
    if (!found) return SQLITE_NOTFOUND;
    off_t size = SEALED_FRAME_HEADER + s->page_size;
    return read_fully(s->wal, page, s->page_size, SEALED_WAL_HEADER + (off_t)found->frame * size + SEALED_FRAME_HEADER);
}

int sealed_snapshot_check(sealed_snapshot *s) {
    if (s->wal < 0) return SQLITE_OK;
    unsigned char header[SEALED_WAL_HEADER];
    int rc = read_fully(s->wal, header, sizeof header, 0);
    if (rc == SQLITE_IOERR_SHORT_READ) return s->end == 0 ? SQLITE_OK : SQLITE_BUSY_SNAPSHOT;
    if (rc != SQLITE_OK) return rc;
    return s->end == 0 || memcmp(header, s->wal_header, sizeof header) == 0 ? SQLITE_OK : SQLITE_BUSY_SNAPSHOT;
}

// Frames of this log that the wal-index knows: all were committed, and no writer writes over them. Those that it does not know
// are of a writer who is about to tell, or was killed before; the next writer takes their places.
static uint32_t known_frames(const sealed_snapshot *s) {
    unsigned char header[2][INDEX_HEADER];
    uint32_t frames;
    for (int i = 0; i < INDEX_HEADER * 2; i++) header[i / INDEX_HEADER][i % INDEX_HEADER] = ((unsigned char volatile *)s->map)[i];
    memcpy(&frames, header[0] + INDEX_FRAMES, sizeof frames);
    int fits = memcmp(header[0], header[1], INDEX_HEADER) == 0 && memcmp(header[0] + INDEX_SALTS, s->wal_header + 16, 8) == 0;
    return fits ? frames : 0;
}

static int is_settled(const sealed_snapshot *s) { return known_frames(s) >= s->end; }

static int settle(sealed_snapshot *s) {
    if (s->end == 0 || !is_settled(s)) return SQLITE_OK;
    for (size_t i = 0; i < s->recent.count; i++)
        if (add(&s->settled, s->recent.at[i]) != SQLITE_OK) return SQLITE_NOMEM;
    keep_newest(&s->settled);
    s->recent.count = 0;
    s->base = s->end, s->base_pages = s->pages;
    memcpy(s->base_chain, s->end_chain, sizeof s->base_chain);
    return SQLITE_OK;
}

int sealed_snapshot_update(sealed_snapshot *s, unsigned int **changed, size_t *count) {
    *changed = NULL, *count = 0;
    int rc = sealed_snapshot_check(s);
    if (rc == SQLITE_OK) rc = settle(s);
    if (rc != SQLITE_OK) return rc;
    // What was not settled is read again, and may be other now.
    frame_list before = s->recent;
    unsigned int pages = s->pages;
    s->recent = (frame_list){0};
    s->end = s->base;
    s->pages = s->base_pages;
    if (s->base == 0) rc = sealed_snapshot_main_header(s);
    if (rc == SQLITE_OK) rc = sealed_log_read(s);
    size_t grown = s->pages > pages ? s->pages - pages : 0;
    if (rc == SQLITE_OK && !(*changed = malloc((before.count + s->recent.count + grown + 1) * sizeof **changed))) rc = SQLITE_NOMEM;
    for (size_t old = 0, new = 0; rc == SQLITE_OK && (old < before.count || new < s->recent.count);) {
        uint32_t of_old = old < before.count ? before.at[old].page : UINT32_MAX;
        uint32_t of_new = new < s->recent.count ? s->recent.at[new].page : UINT32_MAX;
        uint32_t page = of_old < of_new ? of_old : of_new;
        if (page <= pages && page <= s->pages) (*changed)[(*count)++] = page;
        old += of_old == page, new += of_new == page;
    }
    for (size_t next = 0; rc == SQLITE_OK && next < grown; next++) (*changed)[(*count)++] = pages + 1 + next;
    free(before.at);
    return rc;
}

// Each frame continues the checksum that stands in the one before it, so what follows a damaged frame can be told from leftovers:
// a commit that something was written behind was synced, and so was all before it.
static int goes_on_behind(const sealed_snapshot *s, int *goes_on) {
    size_t size = SEALED_FRAME_HEADER + s->page_size;
    unsigned char *frame = malloc(size), salts[8];
    if (!frame) return SQLITE_NOMEM;
    int big_endian = s->wal_header[3] & 1, committed = 0, rc = SQLITE_OK;
    unsigned int chain[2] = {0, 0};
    sealed_wal_checksum(big_endian, s->wal_header, 24, chain);
    int has_header = chain[0] == get_be32(s->wal_header + 24) && chain[1] == get_be32(s->wal_header + 28);
    int broken = !has_header;
    if (s->end > 0) memcpy(chain, s->end_chain, sizeof chain);
    memcpy(salts, s->wal_header + 16, sizeof salts);
    *goes_on = 0;
    for (uint32_t number = s->end; !*goes_on; number++) {
        rc = read_fully(s->wal, frame, size, SEALED_WAL_HEADER + (off_t)number * size);
        if (rc != SQLITE_OK) break;
        if (number == 0 && !has_header) memcpy(salts, frame + 8, sizeof salts);
        sealed_wal_checksum(big_endian, frame, 8, chain);
        sealed_wal_checksum(big_endian, frame + SEALED_FRAME_HEADER, s->page_size, chain);
        int fits = chain[0] == get_be32(frame + 16) && chain[1] == get_be32(frame + 20);
        if (!fits || memcmp(frame + 8, salts, sizeof salts) != 0 || get_be32(frame) == 0) broken = 1, committed = 0;
        else if (broken && committed) *goes_on = 1;
        else if (get_be32(frame + 4)) committed = broken;
        chain[0] = get_be32(frame + 16), chain[1] = get_be32(frame + 20);
    }
    free(frame);
    return rc == SQLITE_IOERR_SHORT_READ ? SQLITE_OK : rc;
}

int sealed_snapshot_is_cut(sealed_snapshot *s, int *cut) {
    *cut = 0;
    // Twice: a frame may be read while it is being written.
    for (int pass = 0; pass < 2; pass++) {
        unsigned int *changed;
        size_t count;
        uint32_t known = known_frames(s);
        int rc = sealed_snapshot_update(s, &changed, &count);
        free(changed);
        if (rc != SQLITE_OK || s->wal < 0) return rc;
        *cut = known > s->end;
        if (!*cut) rc = goes_on_behind(s, cut);
        if (rc != SQLITE_OK || !*cut) return rc;
    }
    return SQLITE_OK;
}

void sealed_snapshot_free(unsigned int *changed) { free(changed); }
