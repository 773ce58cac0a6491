// SPDX-License-Identifier: Apache-2.0
// Which key opens which file. A file without an entry cannot be opened at all.
#include <pthread.h>
#include <stdlib.h>

#include "internal.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sealed_key *first;

static char *full_path(const char *path) {
    sqlite3_vfs *vfs = sqlite3_vfs_find("sealed");
    if (!vfs) return NULL;
    char *full = malloc(vfs->mxPathname + 1);
    int rc = full ? vfs->xFullPathname(vfs, path, vfs->mxPathname, full) : SQLITE_NOMEM;
    if (rc != SQLITE_OK && rc != SQLITE_OK_SYMLINK) {
        free(full);
        return NULL;
    }
    return full;
}

static sealed_key *find(const char *full) {
    for (sealed_key *key = first; key; key = key->next)
        if (strcmp(key->path, full) == 0) return key;
    return NULL;
}

int sealed_sqlite_add_key(const char *path, const unsigned char bytes[SEALED_SQLITE_KEY_BYTES], int vacuum_target) {
    char *full = full_path(path);
    if (!full) return SQLITE_CANTOPEN;
    int rc = SQLITE_OK;
    pthread_mutex_lock(&lock);
    sealed_key *key = find(full);
    if (key) {
        if (sodium_memcmp(key->bytes, bytes, SEALED_SQLITE_KEY_BYTES) != 0)
            rc = SQLITE_MISUSE;
        else
            key->users++, key->vacuum_target = vacuum_target;
        free(full);
    } else {
        key = calloc(1, sizeof *key);
        unsigned char *copy = sodium_malloc(SEALED_SQLITE_KEY_BYTES);
        if (!key || !copy) {
            free(key), free(full);
            if (copy) sodium_free(copy);
            rc = SQLITE_NOMEM;
        } else {
            memcpy(copy, bytes, SEALED_SQLITE_KEY_BYTES);
            *key = (sealed_key){first, full, copy, 1, vacuum_target};
            first = key;
        }
    }
    pthread_mutex_unlock(&lock);
    return rc;
}

static void drop_user(sealed_key *key) {
    if (--key->users > 0) return;
    for (sealed_key **link = &first; *link; link = &(*link)->next)
        if (*link == key) {
            *link = key->next;
            break;
        }
    sodium_free(key->bytes); // zeroes
    free(key->path);
    free(key);
}

void sealed_sqlite_forget_key(const char *path) {
    char *full = full_path(path);
    if (!full) return;
    pthread_mutex_lock(&lock);
    sealed_key *key = find(full);
    if (key) drop_user(key);
    pthread_mutex_unlock(&lock);
    free(full);
}

sealed_key *sealed_key_acquire(const char *path) {
    pthread_mutex_lock(&lock);
    sealed_key *key = find(path);
    if (key) key->users++;
    pthread_mutex_unlock(&lock);
    return key;
}

void sealed_key_release(sealed_key *key) {
    pthread_mutex_lock(&lock);
    drop_user(key);
    pthread_mutex_unlock(&lock);
}
