// SPDX-License-Identifier: Apache-2.0
// The VFS: counts calls, fails where it is told to, tells the disk what was written, passes everything on to the system's.
#include <string.h>

#include "disk.h"
#include "sealed_sqlite.h"

static sqlite3_vfs *real_vfs;
static sqlite3_vfs faulty;

typedef struct {
    sqlite3_file base;
    sqlite3_file *real;
    disk_file *disk;
} faulty_file;

static struct {
    enum faulty_disk_fault fault;
    long call, count;
    int lasting, struck, is_cut, lies;
} plan;

enum kind { READING, WRITING, SYNCING, REMOVING };

static int concerns(enum kind kind) {
    switch (plan.fault) {
    case FAULTY_DISK_NONE: return 0;
    case FAULTY_DISK_READ_ERROR:
    case FAULTY_DISK_SHORT_READ: return kind == READING;
    case FAULTY_DISK_WRITE_ERROR:
    case FAULTY_DISK_SHORT_WRITE:
    case FAULTY_DISK_FULL: return kind == WRITING;
    case FAULTY_DISK_SYNC_ERROR: return kind == SYNCING;
    case FAULTY_DISK_POWER_CUT: return kind != READING;
    }
    return 0;
}

// What is to happen to a call of this kind; under the lock.
static enum faulty_disk_fault strike(enum kind kind) {
    if (plan.is_cut) return FAULTY_DISK_POWER_CUT;
    if (!concerns(kind)) return FAULTY_DISK_NONE;
    plan.count++;
    if (plan.count < plan.call || (plan.count > plan.call && !plan.lasting)) return FAULTY_DISK_NONE;
    plan.struck = 1;
    if (plan.fault == FAULTY_DISK_POWER_CUT) plan.is_cut = 1;
    return plan.fault;
}

#define REAL(file) (((faulty_file *)(file))->real)
#define PASS(file, method, ...) REAL(file)->pMethods->method(REAL(file), ##__VA_ARGS__)

static int faulty_close(sqlite3_file *file) {
    faulty_file *f = (faulty_file *)file;
    int rc = PASS(file, xClose);
    disk_lock();
    f->disk->open--;
    disk_unlock();
    return rc;
}

static int faulty_read(sqlite3_file *file, void *to, int amount, sqlite3_int64 offset) {
    disk_lock();
    enum faulty_disk_fault fault = strike(READING);
    disk_unlock();
    if (fault == FAULTY_DISK_NONE) return PASS(file, xRead, to, amount, offset);
    memset(to, 0, amount);
    if (fault != FAULTY_DISK_SHORT_READ) return SQLITE_IOERR_READ;
    int rc = PASS(file, xRead, to, amount / 2, offset);
    return rc == SQLITE_OK ? SQLITE_IOERR_SHORT_READ : rc;
}

static int faulty_write(sqlite3_file *file, const void *from, int amount, sqlite3_int64 offset) {
    faulty_file *f = (faulty_file *)file;
    disk_lock();
    int was_cut = plan.is_cut;
    enum faulty_disk_fault fault = strike(WRITING);
    int rc = SQLITE_OK;
    switch (fault) {
    case FAULTY_DISK_FULL: rc = SQLITE_FULL; break;
    case FAULTY_DISK_WRITE_ERROR: rc = SQLITE_IOERR_WRITE; break;
    case FAULTY_DISK_POWER_CUT:
        // The call during which the power went may have reached the disk in part; later ones did not.
        if (!was_cut) disk_write(f->disk, from, amount, offset);
        rc = SQLITE_IOERR_WRITE;
        break;
    default:
        if (fault == FAULTY_DISK_SHORT_WRITE) amount /= 2;
        rc = disk_write(f->disk, from, amount, offset);
        if (rc == SQLITE_OK) rc = PASS(file, xWrite, from, amount, offset);
        if (rc == SQLITE_OK && fault == FAULTY_DISK_SHORT_WRITE) rc = SQLITE_FULL;
    }
    disk_unlock();
    return rc;
}

static int faulty_truncate(sqlite3_file *file, sqlite3_int64 size) {
    faulty_file *f = (faulty_file *)file;
    disk_lock();
    int rc = strike(WRITING) == FAULTY_DISK_NONE ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
    if (rc == SQLITE_OK) rc = disk_truncate(f->disk, size);
    if (rc == SQLITE_OK) rc = PASS(file, xTruncate, size);
    disk_unlock();
    return rc;
}

static int faulty_sync(sqlite3_file *file, int flags) {
    (void)flags; // the disk is this one; nothing needs to reach the machine's
    faulty_file *f = (faulty_file *)file;
    disk_lock();
    enum faulty_disk_fault fault = strike(SYNCING);
    int rc = fault == FAULTY_DISK_NONE ? SQLITE_OK : SQLITE_IOERR_FSYNC;
    if (fault == FAULTY_DISK_NONE && !plan.lies) rc = disk_sync(f->disk);
    if (fault == FAULTY_DISK_SYNC_ERROR) {
        disk_drop(f->disk);
        // Nothing of a file that was deleted comes back into the one that has its name.
        if (f->disk->was_made_anew) disk_truncate(f->disk, 0);
        sqlite3_int64 size = f->disk->was_made_anew ? 0 : f->disk->size;
        if (PASS(file, xTruncate, size) == SQLITE_OK && size > 0) PASS(file, xWrite, f->disk->durable, (int)size, 0);
    }
    disk_unlock();
    return rc;
}

static int faulty_file_size(sqlite3_file *file, sqlite3_int64 *size) { return PASS(file, xFileSize, size); }
static int faulty_lock(sqlite3_file *file, int level) { return PASS(file, xLock, level); }
static int faulty_unlock(sqlite3_file *file, int level) { return PASS(file, xUnlock, level); }
static int faulty_check_lock(sqlite3_file *file, int *out) { return PASS(file, xCheckReservedLock, out); }
static int faulty_control(sqlite3_file *file, int op, void *argument) { return PASS(file, xFileControl, op, argument); }
static int faulty_sector_size(sqlite3_file *file) { (void)file; return SECTOR; }
static int faulty_characteristics(sqlite3_file *file) { (void)file; return 0; }
static int faulty_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out) {
    return PASS(file, xShmMap, page, size, extend, out);
}
static int faulty_shm_lock(sqlite3_file *file, int offset, int n, int flags) {
    return PASS(file, xShmLock, offset, n, flags);
}
static void faulty_shm_barrier(sqlite3_file *file) { PASS(file, xShmBarrier); }
static int faulty_shm_unmap(sqlite3_file *file, int delete) { return PASS(file, xShmUnmap, delete); }

static const sqlite3_io_methods methods = {
    2, faulty_close, faulty_read, faulty_write, faulty_truncate, faulty_sync, faulty_file_size, faulty_lock, faulty_unlock,
    faulty_check_lock, faulty_control, faulty_sector_size, faulty_characteristics, faulty_shm_map, faulty_shm_lock,
    faulty_shm_barrier, faulty_shm_unmap, NULL, NULL,
};

static int faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags) {
    (void)vfs;
    faulty_file *f = (faulty_file *)file;
    memset(f, 0, sizeof *f);
    f->real = (sqlite3_file *)(f + 1);
    disk_lock();
    disk_file *disk = plan.is_cut || !name ? NULL : disk_find(name);
    int rc = disk ? real_vfs->xOpen(real_vfs, name, f->real, flags, out_flags) : SQLITE_CANTOPEN;
    if (rc == SQLITE_OK) {
        if (disk->deleted) {
            // Made anew under its old name: from now on that name is the new file's.
            disk_truncate(disk, 0);
            disk->deleted = 0, disk->was_made_anew = 1;
        }
        disk->open++;
        f->disk = disk;
        file->pMethods = &methods;
    }
    disk_unlock();
    return rc;
}

static int faulty_delete(sqlite3_vfs *vfs, const char *name, int sync) {
    (void)vfs;
    disk_lock();
    int rc = strike(REMOVING) == FAULTY_DISK_NONE ? SQLITE_OK : SQLITE_IOERR_DELETE;
    disk_file *disk = rc == SQLITE_OK ? disk_find(name) : NULL;
    if (rc == SQLITE_OK) rc = real_vfs->xDelete(real_vfs, name, 0);
    if (rc == SQLITE_OK && disk) {
        disk->deleted = 1;
        if (sync && disk->open == 0) disk_forget(disk);
    }
    disk_unlock();
    return rc;
}

static sqlite3_vfs *make(void) {
    real_vfs = sqlite3_vfs_find("unix");
    if (!real_vfs) return NULL;
    faulty = *real_vfs;
    faulty.pNext = NULL;
    faulty.zName = "faulty";
    faulty.szOsFile = (int)sizeof(faulty_file) + real_vfs->szOsFile;
    faulty.xOpen = faulty_open;
    faulty.xDelete = faulty_delete;
    return &faulty;
}

int faulty_disk_register(void) { return sealed_sqlite_register_over(make); }

void faulty_disk_arm(enum faulty_disk_fault fault, long call, int lasting) {
    disk_lock();
    plan.fault = fault, plan.call = call, plan.count = 0, plan.lasting = lasting, plan.struck = 0;
    disk_unlock();
}

void faulty_disk_lie(int lies) {
    disk_lock();
    plan.lies = lies;
    disk_unlock();
}

long faulty_disk_disarm(void) {
    disk_lock();
    long count = plan.count;
    plan.fault = FAULTY_DISK_NONE;
    disk_unlock();
    return count;
}

int faulty_disk_struck(void) {
    disk_lock();
    int struck = plan.struck != 0;
    disk_unlock();
    return struck;
}

int faulty_disk_power_on(unsigned long long seed) {
    disk_lock();
    int rc = disk_settle(plan.is_cut, seed);
    if (rc == 0) plan.is_cut = 0, plan.fault = FAULTY_DISK_NONE;
    disk_unlock();
    return rc;
}
