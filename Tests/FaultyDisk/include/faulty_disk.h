// SPDX-License-Identifier: Apache-2.0
// A SQLite VFS for tests, below the encrypting one: a disk that fails at the n-th call, and loses what was not synced when
// the power goes.
#pragma once
#include "faulty_calls.h"

/// What happens at a call. Reads: READ_ERROR, SHORT_READ. Writes: DISK_FULL, WRITE_ERROR, SHORT_WRITE. Syncs: SYNC_ERROR.
/// Any write, sync, truncation or deletion: POWER_CUT.
enum faulty_disk_fault {
    FAULTY_DISK_NONE,
    /// SQLITE_IOERR_READ.
    FAULTY_DISK_READ_ERROR,
    /// The second half of what was asked for is missing (zeros, as SQLite wants them).
    FAULTY_DISK_SHORT_READ,
    /// SQLITE_IOERR_WRITE; nothing is written.
    FAULTY_DISK_WRITE_ERROR,
    /// Half of it is written, then the disk is full.
    FAULTY_DISK_SHORT_WRITE,
    /// SQLITE_FULL; nothing is written.
    FAULTY_DISK_FULL,
    /// SQLITE_IOERR_FSYNC, and what was to be synced is gone: a kernel that could not write pages drops them.
    FAULTY_DISK_SYNC_ERROR,
    /// This call and all others fail until `faulty_disk_power_on`.
    FAULTY_DISK_POWER_CUT,
};

/// Makes the encrypting VFS of CSealedSQLite stand on this one, in the whole process; instead of `sealed_sqlite_register`.
int faulty_disk_register(void);

/// From now on, calls that the fault is about are counted; the `call`-th (from 1) fails, and with `lasting` every one
/// after it.
void faulty_disk_arm(enum faulty_disk_fault fault, long call, int lasting);
/// With 1, a sync says that all is well and does nothing: what a test must find out.
void faulty_disk_lie(int lies);
/// No more faults. Returns how many calls were counted since `faulty_disk_arm`; a cut power stays cut.
long faulty_disk_disarm(void);
/// Whether the fault happened since `faulty_disk_arm`.
int faulty_disk_struck(void);

/// After a power cut, when every file has been closed: leaves on disk what a disk would hold. What was synced is there; of
/// each sector of 512 bytes that was written since, chance decides; a file that was never synced may be gone, one whose
/// deletion was not synced may be back; the wal-index is gone. Without a power cut: forgets what it knows of the files.
/// 0, or -1 when a file is still open or cannot be written.
int faulty_disk_power_on(unsigned long long seed);
