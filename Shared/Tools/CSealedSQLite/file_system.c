// SPDX-License-Identifier: Apache-2.0
// statfs(2), which Swift's Glibc module leaves out.
#include <sys/vfs.h>

#include "sealed_sqlite.h"

long sealed_sqlite_file_system(const char *path) {
    struct statfs information;
    return statfs(path, &information) == 0 ? (long)information.f_type : -1;
}
