// SPDX-License-Identifier: Apache-2.0
// What a disk holds for sure, beside the files themselves, which show what programs see.
#pragma once
#include <sqlite3.h>

#include "faulty_disk.h"

enum { SECTOR = 512 };

/// Written or cut off since the last sync; in order.
typedef struct pending {
    struct pending *next;
    sqlite3_int64 offset; // or the new size
    int length;           // -1: a truncation
    unsigned char bytes[];
} pending;

/// A file by its name.
typedef struct disk_file {
    struct disk_file *next;
    char *path;
    int open;         // handles
    int deleted;      // without a sync of its folder
    int was_made_anew; // under the name of a deleted one, and not synced since: `durable` is still the old one's
    int was_synced;   // its name is on disk
    unsigned char *durable;
    sqlite3_int64 size;
    pending *first, **last;
} disk_file;

/// All of these under `disk_lock`.
void disk_lock(void);
void disk_unlock(void);
/// The file of that name; made, with what is on disk now, when it is not known yet. NULL: out of memory.
disk_file *disk_find(const char *path);
int disk_write(disk_file *, const void *bytes, int length, sqlite3_int64 offset);
int disk_truncate(disk_file *, sqlite3_int64 size);
/// What is pending is on disk from now on.
int disk_sync(disk_file *);
/// What is pending is lost.
void disk_drop(disk_file *);
void disk_forget(disk_file *);
/// See `faulty_disk_power_on`.
int disk_settle(int is_cut, unsigned long long seed);
