// SPDX-License-Identifier: Apache-2.0
// One moment's state of a file in use, as ciphertext and without its key. SealedSQLite.md says why it holds.
//
// Everything goes through the system VFS: a close(2) of our own would drop the locks that this process holds on the file.
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "snapshot.h"

// https://www.sqlite.org/walformat.html: where the wal-index keeps its locks and read marks.
enum { INDEX_PAGE = 32768, READ_LOCK_1 = 4, READ_MARK_1 = 104, FORMAT_WAL = 2 };
static const uint32_t mark_not_used = 0xffffffff;

static const sqlite3_io_methods *methods(sealed_snapshot *s) { return s->file->pMethods; }

// Shared, as a reader's: no one begins the log anew, and no checkpoint goes past the mark. A mark that is not in use
// would stop no checkpoint, so it is set to 0 first, as any reader may do under the exclusive lock.
static int hold_log(sealed_snapshot *s) {
    int rc = methods(s)->xShmMap(s->file, 0, INDEX_PAGE, 1, &s->map);
    if (rc != SQLITE_OK || !s->map) return rc == SQLITE_OK ? SQLITE_IOERR_SHMMAP : rc;
    uint32_t *mark = (uint32_t *)((char *)s->map + READ_MARK_1);
    rc = methods(s)->xShmLock(s->file, READ_LOCK_1, 1, SQLITE_SHM_LOCK | SQLITE_SHM_SHARED);
    if (rc != SQLITE_OK) return rc;
    if (__atomic_load_n(mark, __ATOMIC_SEQ_CST) != mark_not_used) {
        s->locked = 1;
        return SQLITE_OK;
    }
    methods(s)->xShmLock(s->file, READ_LOCK_1, 1, SQLITE_SHM_UNLOCK | SQLITE_SHM_SHARED);
    rc = methods(s)->xShmLock(s->file, READ_LOCK_1, 1, SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE);
    if (rc != SQLITE_OK) return rc;
    uint32_t expected = mark_not_used;
    __atomic_compare_exchange_n(mark, &expected, 0, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    methods(s)->xShmLock(s->file, READ_LOCK_1, 1, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE);
    return SQLITE_BUSY; // and once more
}

static int patient(sealed_snapshot *s, int (*step)(sealed_snapshot *), int milliseconds) {
    int rc = step(s);
    for (int waited = 0; rc == SQLITE_BUSY && waited < milliseconds; waited++) {
        usleep(1000);
        rc = step(s);
    }
    return rc;
}

static int take_shared(sealed_snapshot *s) { return methods(s)->xLock(s->file, SQLITE_LOCK_SHARED); }

int sealed_snapshot_main_header(sealed_snapshot *s) {
    unsigned char header[24];
    sqlite3_int64 size = 0;
    int rc = methods(s)->xFileSize(s->file, &size);
    if (rc == SQLITE_OK) rc = methods(s)->xRead(s->file, header, sizeof header, 0);
    if (rc != SQLITE_OK) return rc == SQLITE_IOERR_SHORT_READ ? SQLITE_NOTADB : rc;
    s->page_size = sealed_page_size(header);
    if (s->page_size == 0 || header[18] != FORMAT_WAL || header[19] != FORMAT_WAL) return SQLITE_NOTADB;
    s->pages = (unsigned int)(size / s->page_size);
    return SQLITE_OK;
}

int sealed_snapshot_open(const char *path, int milliseconds, sealed_snapshot **out) {
    *out = NULL;
    int rc = sealed_sqlite_register();
    if (rc != SQLITE_OK) return rc;
    sqlite3_vfs *vfs = sqlite3_vfs_find("unix");
    sealed_snapshot *s = calloc(1, sizeof *s);
    char *full = malloc(vfs->mxPathname + 1);
    if (s) s->file = calloc(1, vfs->szOsFile), s->wal = -1;
    if (!s || !full || !s->file) {
        free(full);
        sealed_snapshot_close(s);
        return SQLITE_NOMEM;
    }
    rc = vfs->xFullPathname(vfs, path, vfs->mxPathname, full);
    if (rc == SQLITE_OK_SYMLINK) rc = SQLITE_OK;
    if (rc == SQLITE_OK) {
        s->wal_name = sqlite3_mprintf("%s-wal", full);
        char *index_name = sqlite3_mprintf("%s-shm", full);
        s->name = sqlite3_create_filename(full, "", s->wal_name ? s->wal_name : "", 0, NULL);
        if (!s->wal_name || !s->name || !index_name) rc = SQLITE_NOMEM;
        else s->made_index = access(index_name, F_OK) != 0;
        sqlite3_free(index_name);
    }
    free(full);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_MAIN_DB;
    if (rc == SQLITE_OK) rc = vfs->xOpen(vfs, s->name, s->file, flags, &flags);
    if (rc == SQLITE_OK) rc = patient(s, take_shared, milliseconds);
    if (rc == SQLITE_OK) rc = sealed_snapshot_main_header(s);
    if (rc == SQLITE_OK) rc = patient(s, hold_log, milliseconds);
    // Once more: a checkpoint that ended just before may have made the file longer.
    if (rc == SQLITE_OK) rc = sealed_snapshot_main_header(s);
    if (rc == SQLITE_OK) rc = sealed_log_read(s);
    if (rc != SQLITE_OK) {
        sealed_snapshot_close(s);
        return rc;
    }
    *out = s;
    return SQLITE_OK;
}

int sealed_snapshot_page_size(const sealed_snapshot *s) { return s->page_size; }
unsigned int sealed_snapshot_pages(const sealed_snapshot *s) { return s->pages; }

int sealed_snapshot_read(sealed_snapshot *s, unsigned int number, unsigned char *page) {
    int rc = sealed_log_page(s, number, page);
    if (rc != SQLITE_NOTFOUND) return rc;
    sqlite3_int64 at = (sqlite3_int64)(number - 1) * s->page_size, size = 0;
    rc = methods(s)->xFileSize(s->file, &size);
    if (rc == SQLITE_OK && at >= size && s->end > 0) {
        memset(page, 0, s->page_size); // a page that one transaction took and freed: it was never written
        return SQLITE_OK;
    }
    return rc == SQLITE_OK ? methods(s)->xRead(s->file, page, s->page_size, at) : rc;
}

int sealed_snapshot_is_written(sealed_snapshot *s, unsigned int number) {
    sqlite3_int64 size = 0;
    if (sealed_log_has(s, number)) return 1;
    return methods(s)->xFileSize(s->file, &size) != SQLITE_OK || (sqlite3_int64)(number - 1) * s->page_size < size;
}

// A wal-index that was made only for us goes again, when nobody else has the file open.
static int is_last_and_index_ours(sealed_snapshot *s) {
    struct stat status;
    if (!s->made_index || (stat(s->wal_name, &status) == 0 && status.st_size > 0)) return 0;
    return methods(s)->xLock(s->file, SQLITE_LOCK_RESERVED) == SQLITE_OK &&
           methods(s)->xLock(s->file, SQLITE_LOCK_EXCLUSIVE) == SQLITE_OK;
}

void sealed_snapshot_close(sealed_snapshot *s) {
    if (!s) return;
    if (s->wal >= 0) close(s->wal);
    if (s->file && methods(s)) {
        if (s->locked) methods(s)->xShmLock(s->file, READ_LOCK_1, 1, SQLITE_SHM_UNLOCK | SQLITE_SHM_SHARED);
        if (s->map) methods(s)->xShmUnmap(s->file, is_last_and_index_ours(s));
        methods(s)->xUnlock(s->file, SQLITE_LOCK_NONE);
        methods(s)->xClose(s->file);
    }
    free(s->file);
    free(s->settled.at);
    free(s->recent.at);
    sqlite3_free(s->wal_name);
    if (s->name) sqlite3_free_filename(s->name);
    free(s);
}
