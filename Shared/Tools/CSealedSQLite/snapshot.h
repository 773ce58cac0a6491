// SPDX-License-Identifier: Apache-2.0
// A snapshot, for snapshot.c, which holds the file, and snapshot_log.c, which knows what of its log is of the snapshot.
#pragma once
#include <stdint.h>
#include <stdlib.h>

#include "internal.h"

typedef struct {
    uint32_t page;
    uint32_t frame; // from 0
} page_frame;

typedef struct {
    page_frame *at; // by page, when it is not being filled
    size_t count, room;
} frame_list;

struct sealed_snapshot {
    sqlite3_file *file;
    const char *name; // of sqlite3_create_filename
    char *wal_name;
    int wal; // descriptor, -1: none
    int made_index, locked;
    void volatile *map; // of the wal-index
    unsigned char wal_header[SEALED_WAL_HEADER];
    int page_size;
    unsigned int pages;
    /// The newest frame of each page: of the first `base` frames, which no writer writes over, and of those after it.
    frame_list settled, recent;
    uint32_t base, end; // `end`: behind the last commit
    unsigned int base_pages;
    unsigned int base_chain[2], end_chain[2];
};

/// Page size and, of a file without a log, the number of pages, from the main file.
int sealed_snapshot_main_header(sealed_snapshot *);
/// Finds the frames behind `base`, up to the last commit. Without a log there are none.
int sealed_log_read(sealed_snapshot *);
int sealed_log_has(const sealed_snapshot *, unsigned int number);
/// SQLITE_NOTFOUND: it is not in the log.
int sealed_log_page(sealed_snapshot *, unsigned int number, unsigned char *page);
