// SPDX-License-Identifier: Apache-2.0
// The VFS: opens main files, WALs and journals with their cipher, refuses every file that would hold pages in clear,
// and passes everything else to the system's VFS.
#include <stddef.h>
#include <stdlib.h>

#include "internal.h"

static sqlite3_vfs *system_vfs;

#define REAL(file) (((sealed_file *)(file))->real)
#define PASS(file, method, ...) REAL(file)->pMethods->method(REAL(file), ##__VA_ARGS__)

static int sealed_close(sqlite3_file *file) {
    sealed_file *f = (sealed_file *)file;
    int rc = f->real->pMethods ? PASS(file, xClose) : SQLITE_OK;
    if (f->buffer) sodium_memzero(f->buffer, f->page_size + 24);
    free(f->buffer);
    sealed_main_drop(f);
    free(f->carried);
    sealed_bulk_close(&f->bulk);
    if (f->key) sealed_key_release(f->key);
    f->buffer = f->carried = NULL, f->key = NULL;
    return rc;
}
static int sealed_truncate(sqlite3_file *file, sqlite3_int64 size) {
    sealed_file *f = (sealed_file *)file;
    // A checkpoint also "truncates" to more than there is, when the last pages were freed before they were ever written.
    int rc = f->main == f ? sealed_main_fill(f, size) : SQLITE_OK;
    f->filled = 0, f->written_end = -1;
    return rc == SQLITE_OK ? PASS(file, xTruncate, size) : rc;
}
static int sealed_sync(sqlite3_file *file, int flags) { return PASS(file, xSync, flags); }
static int sealed_file_size(sqlite3_file *file, sqlite3_int64 *size) { return PASS(file, xFileSize, size); }
static void lock_changes(sqlite3_file *file) { ((sealed_file *)file)->main->lock_changes++; }
// Whether the name of a main file is another file's by now, or nobody's: it was removed, or keyed anew.
static int has_moved(sealed_file *main) {
    int moved = 0;
    return PASS(main, xFileControl, SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved;
}
static int sealed_lock(sqlite3_file *file, int level) {
    lock_changes(file);
    // Whoever closes a file last locks it so, and then removes its log by name.
    if (level == SQLITE_LOCK_EXCLUSIVE && has_moved((sealed_file *)file)) return SQLITE_READONLY_DBMOVED;
    return PASS(file, xLock, level);
}
static int sealed_unlock(sqlite3_file *file, int level) {
    lock_changes(file);
    return PASS(file, xUnlock, level);
}
static int sealed_check_lock(sqlite3_file *file, int *out) { return PASS(file, xCheckReservedLock, out); }
static int sealed_sector_size(sqlite3_file *file) { return PASS(file, xSectorSize); }
static int sealed_characteristics(sqlite3_file *file) {
    return PASS(file, xDeviceCharacteristics) | SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}
static int sealed_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out) {
    return PASS(file, xShmMap, page, size, extend, out);
}
// https://www.sqlite.org/walformat.html: the first lock of the wal-index is the writer's. What is written to a file without a
// name is lost with its last handle. Looked at under the lock: whoever takes a name away to put another file in its place
// holds the lock meanwhile.
static int sealed_shm_lock(sqlite3_file *file, int offset, int n, int flags) {
    lock_changes(file);
    int rc = PASS(file, xShmLock, offset, n, flags);
    if (rc != SQLITE_OK || !(flags & SQLITE_SHM_EXCLUSIVE)) return rc;
    // SQLite's WAL_WRITE_LOCK and WAL_CKPT_LOCK. A recovery takes the latter too, among others.
    enum { WRITE_LOCK = 0, CHECKPOINT_LOCK = 1 };
    sealed_file *f = (sealed_file *)file;
    if (offset == WRITE_LOCK && flags & SQLITE_SHM_LOCK && has_moved(f)) {
        PASS(file, xShmLock, offset, n, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE);
        return SQLITE_READONLY_DBMOVED;
    }
    if (offset <= CHECKPOINT_LOCK && CHECKPOINT_LOCK < offset + n) {
        f->checkpointing = flags & SQLITE_SHM_LOCK ? 1 : 0;
        sealed_main_drop(f);
    }
    return SQLITE_OK;
}
static void sealed_shm_barrier(sqlite3_file *file) { PASS(file, xShmBarrier); }
static int sealed_shm_unmap(sqlite3_file *file, int delete) { return PASS(file, xShmUnmap, delete); }

static int sealed_control(sqlite3_file *file, int op, void *argument) {
    if (op == SQLITE_FCNTL_PRAGMA) {
        char **words = argument;
        // The page size of a sealed file is 4096, and it cannot be mapped into memory.
        if (sqlite3_stricmp(words[1], "page_size") == 0 && words[2]) {
            words[0] = sqlite3_mprintf("%d", ((sealed_file *)file)->main->page_size);
            return SQLITE_OK;
        }
        if (sqlite3_stricmp(words[1], "mmap_size") == 0) {
            words[0] = sqlite3_mprintf("0");
            return SQLITE_OK;
        }
    }
    // Either would grow the file by bytes that are no page.
    if (op == SQLITE_FCNTL_SIZE_HINT || op == SQLITE_FCNTL_CHUNK_SIZE) return SQLITE_OK;
    return PASS(file, xFileControl, op, argument);
}

#define METHODS(kind)                                                                                                  \
    {                                                                                                                  \
        2, sealed_close, sealed_##kind##_read, sealed_##kind##_write, sealed_truncate, sealed_sync, sealed_file_size,  \
            sealed_lock, sealed_unlock, sealed_check_lock, sealed_control, sealed_sector_size, sealed_characteristics, \
            sealed_shm_map, sealed_shm_lock, sealed_shm_barrier, sealed_shm_unmap, NULL, NULL                          \
    }
static const sqlite3_io_methods main_methods = METHODS(main);
static const sqlite3_io_methods wal_methods = METHODS(wal);
static const sqlite3_io_methods journal_methods = METHODS(journal);

// A file made elsewhere may have another page size; it stands in clear.
int sealed_page_size(const unsigned char header[24]) {
    int size = header[16] << 8 | header[17];
    if (size == 1) size = MAX_PAGE_SIZE;
    return size < 1024 || (size & (size - 1)) || header[20] != RESERVE ? 0 : size;
}

static int read_page_size(sealed_file *f) {
    unsigned char header[24];
    int rc = real_read(f, header, sizeof header, 0);
    if (rc == SQLITE_IOERR_SHORT_READ) return SQLITE_OK;
    if (rc != SQLITE_OK) return rc;
    int size = sealed_page_size(header);
    if (size == 0) return SQLITE_NOTADB;
    f->page_size = size;
    return SQLITE_OK;
}

static int sealed_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags) {
    (void)vfs;
    sealed_file *f = (sealed_file *)file;
    memset(f, 0, sizeof *f);
    f->real = (sqlite3_file *)(f + 1);
    f->real->pMethods = NULL;
    const sqlite3_io_methods *methods;
    if (!name) return SQLITE_CANTOPEN;
    if (flags & SQLITE_OPEN_MAIN_DB) {
        f->key = sealed_key_acquire(name);
        if (!f->key) {
            sqlite3_log(SQLITE_CANTOPEN, "sealed: no key is registered for %s", name);
            return SQLITE_CANTOPEN;
        }
        f->main = f;
        sealed_bulk_open(&f->bulk);
        methods = &main_methods;
        // New files come from `SealedDatabase.create`; one that was deleted must not come back empty.
        if (!f->key->vacuum_target) flags &= ~SQLITE_OPEN_CREATE;
    } else if (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) {
        f->main = (sealed_file *)sqlite3_database_file_object(name);
        methods = flags & SQLITE_OPEN_WAL ? &wal_methods : &journal_methods;
    } else {
        sqlite3_log(SQLITE_CANTOPEN, "sealed: a file of this kind would hold pages in clear (flags %x)", flags);
        return SQLITE_CANTOPEN;
    }
    f->page_size = f->main == f ? PAGE_SIZE : f->main->page_size;
    f->header_offset = f->read_offset = f->chain_offset = f->written_end = -1;
    int rc = system_vfs->xOpen(system_vfs, name, f->real, flags, out_flags);
    if (rc == SQLITE_OK && f->main == f) rc = read_page_size(f);
    // A log that was just made by the name of a file that lost it is not that file's: nothing may be read from it.
    if (rc == SQLITE_OK && f->main != f && has_moved(f->main)) rc = SQLITE_READONLY_DBMOVED;
    if (rc == SQLITE_OK && !(f->buffer = malloc(f->page_size + 24))) rc = SQLITE_NOMEM;
    if (rc != SQLITE_OK) {
        sealed_close(file);
        return rc;
    }
    file->pMethods = methods;
    return SQLITE_OK;
}

static int sealed_delete(sqlite3_vfs *v, const char *name, int sync) { (void)v; return system_vfs->xDelete(system_vfs, name, sync); }
static int sealed_access(sqlite3_vfs *v, const char *name, int flags, int *out) { (void)v; return system_vfs->xAccess(system_vfs, name, flags, out); }
static int sealed_full(sqlite3_vfs *v, const char *name, int n, char *out) { (void)v; return system_vfs->xFullPathname(system_vfs, name, n, out); }
static void *sealed_dlopen(sqlite3_vfs *v, const char *name) { (void)v; (void)name; return NULL; }
static void sealed_dlerror(sqlite3_vfs *v, int n, char *out) { (void)v; sqlite3_snprintf(n, out, "extensions are off"); }
static void (*sealed_dlsym(sqlite3_vfs *v, void *p, const char *name))(void) { (void)v; (void)p; (void)name; return NULL; }
static void sealed_dlclose(sqlite3_vfs *v, void *p) { (void)v; (void)p; }
static int sealed_randomness(sqlite3_vfs *v, int n, char *out) { (void)v; randombytes_buf(out, n); return n; }
static int sealed_sleep(sqlite3_vfs *v, int micros) { (void)v; return system_vfs->xSleep(system_vfs, micros); }
static int sealed_time(sqlite3_vfs *v, double *out) { (void)v; return system_vfs->xCurrentTime(system_vfs, out); }
static int sealed_last_error(sqlite3_vfs *v, int n, char *out) { (void)v; return system_vfs->xGetLastError(system_vfs, n, out); }
static int sealed_time64(sqlite3_vfs *v, sqlite3_int64 *out) { (void)v; return system_vfs->xCurrentTimeInt64(system_vfs, out); }

static sqlite3_vfs *unix_vfs(void) { return sqlite3_vfs_find("unix"); }

int sealed_sqlite_register(void) { return sealed_sqlite_register_over(unix_vfs); }

int sealed_sqlite_register_over(sqlite3_vfs *(*base)(void)) {
    static sqlite3_vfs sealed;
    if (sealed.zName) return SQLITE_OK;
    if (sodium_init() < 0) return SQLITE_ERROR;
    sealed_bulk_prepare();
    // Statement journals stay in memory: on disk they would be in clear. Only possible before SQLite is initialized.
    int rc = sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, -1);
    if (rc == SQLITE_OK) rc = sqlite3_initialize();
    if (rc != SQLITE_OK) return rc;
    system_vfs = base();
    if (!system_vfs) return SQLITE_ERROR;
    sealed = (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = (int)sizeof(sealed_file) + system_vfs->szOsFile,
        .mxPathname = system_vfs->mxPathname,
        .zName = "sealed",
        .xOpen = sealed_open, .xDelete = sealed_delete, .xAccess = sealed_access, .xFullPathname = sealed_full,
        .xDlOpen = sealed_dlopen, .xDlError = sealed_dlerror, .xDlSym = sealed_dlsym, .xDlClose = sealed_dlclose,
        .xRandomness = sealed_randomness, .xSleep = sealed_sleep, .xCurrentTime = sealed_time,
        .xGetLastError = sealed_last_error, .xCurrentTimeInt64 = sealed_time64,
    };
    return sqlite3_vfs_register(&sealed, 1);
}
