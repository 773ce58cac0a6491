// SPDX-License-Identifier: Apache-2.0
#include "disk.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static disk_file *files;

void disk_lock(void) { pthread_mutex_lock(&mutex); }
void disk_unlock(void) { pthread_mutex_unlock(&mutex); }

static int load(disk_file *f) {
    int descriptor = open(f->path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return 0;
    struct stat status;
    int rc = fstat(descriptor, &status);
    if (rc == 0 && status.st_size > 0) {
        f->durable = malloc(status.st_size);
        f->size = f->durable ? read(descriptor, f->durable, status.st_size) : -1;
        if (f->size != status.st_size) rc = -1;
    }
    f->was_synced = 1;
    // Before SQLite has opened the file: a later close() would let go of its locks.
    close(descriptor);
    return rc;
}

disk_file *disk_find(const char *path) {
    for (disk_file *f = files; f; f = f->next)
        if (strcmp(f->path, path) == 0) return f;
    disk_file *f = calloc(1, sizeof *f);
    if (!f || !(f->path = strdup(path))) return NULL;
    f->last = &f->first;
    if (load(f) != 0) return NULL;
    f->next = files;
    files = f;
    return f;
}

static int add(disk_file *f, const void *bytes, int length, sqlite3_int64 offset) {
    pending *p = malloc(sizeof *p + (length > 0 ? length : 0));
    if (!p) return SQLITE_NOMEM;
    p->next = NULL, p->offset = offset, p->length = length;
    if (length > 0) memcpy(p->bytes, bytes, length);
    *f->last = p;
    f->last = &p->next;
    return SQLITE_OK;
}

int disk_write(disk_file *f, const void *bytes, int length, sqlite3_int64 offset) { return add(f, bytes, length, offset); }
int disk_truncate(disk_file *f, sqlite3_int64 size) { return add(f, NULL, -1, size); }

static int resize(disk_file *f, sqlite3_int64 size) {
    if (size > f->size) {
        unsigned char *more = realloc(f->durable, size);
        if (!more) return SQLITE_NOMEM;
        memset(more + f->size, 0, size - f->size);
        f->durable = more;
    }
    f->size = size;
    return SQLITE_OK;
}

static int put(disk_file *f, const unsigned char *bytes, int length, sqlite3_int64 offset) {
    if (offset + length > f->size && resize(f, offset + length) != SQLITE_OK) return SQLITE_NOMEM;
    memcpy(f->durable + offset, bytes, length);
    return SQLITE_OK;
}

// A generator of its own, so that a run can be repeated: splitmix64.
static unsigned long long chance(unsigned long long *state) {
    unsigned long long z = *state += 0x9E3779B97F4A7C15ull;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ z >> 27) * 0x94D049BB133111EBull;
    return z ^ z >> 31;
}

/// `of_eight`: how many of eight sectors survive; 8: all.
static int apply(disk_file *f, int of_eight, unsigned long long *seed) {
    int rc = SQLITE_OK;
    while (f->first) {
        pending *p = f->first;
        f->first = p->next;
        if (p->length < 0) {
            if ((int)(chance(seed) % 8) < of_eight && rc == SQLITE_OK) rc = resize(f, p->offset);
        } else {
            for (int at = 0; at < p->length && rc == SQLITE_OK;) {
                int count = SECTOR - (int)((p->offset + at) % SECTOR);
                if (count > p->length - at) count = p->length - at;
                if ((int)(chance(seed) % 8) < of_eight) rc = put(f, p->bytes + at, count, p->offset + at);
                at += count;
            }
        }
        free(p);
    }
    f->last = &f->first;
    return rc;
}

int disk_sync(disk_file *f) {
    unsigned long long seed = 0;
    f->was_synced = 1;
    f->was_made_anew = 0;
    return apply(f, 8, &seed);
}

static int write_back(disk_file *f) {
    int descriptor = open(f->path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
    if (descriptor < 0) return -1;
    int bad = ftruncate(descriptor, f->size) != 0 || pwrite(descriptor, f->durable, f->size, 0) != f->size;
    close(descriptor);
    return bad ? -1 : 0;
}

void disk_drop(disk_file *f) {
    unsigned long long seed = 0;
    apply(f, 0, &seed);
}

void disk_forget(disk_file *f) {
    for (disk_file **link = &files; *link; link = &(*link)->next)
        if (*link == f) {
            *link = f->next;
            break;
        }
    while (f->first) {
        pending *p = f->first;
        f->first = p->next;
        free(p);
    }
    free(f->durable), free(f->path), free(f);
}

static void remove_index(const char *path) {
    char name[4096];
    size_t length = strlen(path);
    if (length + 5 > sizeof name) return;
    memcpy(name, path, length);
    memcpy(name + length, "-shm", 5);
    unlink(name);
}

int disk_settle(int is_cut, unsigned long long seed) {
    int rc = 0;
    for (disk_file *f = files; f; f = f->next)
        if (f->open > 0) return -1;
    while (files) {
        disk_file *f = files;
        // What unlink(2) took away stays away: whoever calls it syncs the folder.
        if (is_cut && (f->deleted || access(f->path, F_OK) == 0)) {
            static const int survivors[] = {0, 4, 8, 7, 1};
            int of_eight = survivors[seed % 5];
            apply(f, of_eight, &seed);
            // Synced or not, a name that is not in its folder yet, or still, is a matter of chance.
            if ((!f->was_synced || f->deleted) && chance(&seed) % 2) {
                if (unlink(f->path) != 0 && !f->deleted) rc = -1;
            } else if (write_back(f) != 0) {
                rc = -1;
            }
            remove_index(f->path);
        }
        disk_forget(f);
    }
    return rc;
}
