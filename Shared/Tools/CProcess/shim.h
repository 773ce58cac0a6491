// SPDX-License-Identifier: Apache-2.0
// What Linux offers by functions that Swift cannot call, or only by other types on each C library.
#pragma once
#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/// No core dump of this process, and no other process of its user may look into its memory. 0, or errno.
static inline int process_hide_memory(void) {
    struct rlimit none = {0, 0};
    return setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : errno;
}
