// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "faulty_calls.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static _Thread_local struct {
    int armed, error, short_write;
    long call, count;
    int is_dirty, was_named_dirty, folder_is_dirty;
} plan;

void faulty_calls_arm(long call, int error, int short_write) {
    plan.armed = 1, plan.error = error, plan.short_write = short_write, plan.call = call, plan.count = 0;
    plan.is_dirty = plan.was_named_dirty = plan.folder_is_dirty = 0;
}

long faulty_calls_disarm(void) {
    plan.armed = 0;
    return plan.count;
}

int faulty_calls_unsynced(void) { return plan.was_named_dirty ? 1 : plan.folder_is_dirty ? 2 : 0; }

static int strikes(void) { return plan.armed && ++plan.count == plan.call; }

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define FAIL_OR(call) (strikes() ? (errno = plan.error, -1) : (call))

ssize_t write(int file, const void *bytes, size_t count) {
    if (strikes()) {
        if (!plan.short_write) return errno = plan.error, -1;
        count /= 2;
    }
    if (plan.armed) plan.is_dirty = 1;
    return REAL(write)(file, bytes, count);
}

int fsync(int file) {
    if (strikes()) return errno = plan.error, -1;
    if (plan.armed) {
        struct stat status;
        if (fstat(file, &status) == 0 && S_ISDIR(status.st_mode))
            plan.folder_is_dirty = 0;
        else
            plan.is_dirty = 0;
    }
    return REAL(fsync)(file);
}

static void named(void) {
    if (!plan.armed) return;
    if (plan.is_dirty) plan.was_named_dirty = 1;
    plan.folder_is_dirty = 1;
}

int fchmod(int file, mode_t mode) { return FAIL_OR(REAL(fchmod)(file, mode)); }

int link(const char *from, const char *to) {
    int result = FAIL_OR(REAL(link)(from, to));
    if (result == 0) named();
    return result;
}

int rename(const char *from, const char *to) {
    int result = FAIL_OR(REAL(rename)(from, to));
    if (result == 0) named();
    return result;
}
