// SPDX-License-Identifier: Apache-2.0
// The system calls by which small files are made (write, fsync, fchmod, link, rename), in the place of the C library's: they
// fail at the n-th call of the thread that asked for it, and tell what was not synced.
#pragma once

/// From now on the `call`-th of these calls of this thread (from 1) fails with this errno. `short_write`: a write takes half.
void faulty_calls_arm(long call, int error, int short_write);
/// No more failures. Returns how many calls were counted.
long faulty_calls_disarm(void);
/// Since `faulty_calls_arm`: 1 when a file got its name before its bytes were synced, 2 when a name was given and its folder
/// was not synced since; 0 when all is well.
int faulty_calls_unsynced(void);
