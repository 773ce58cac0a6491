// SPDX-License-Identifier: Apache-2.0
#include "sealed_sqlite.h"
#include <sqlite3.h>
#include <sodium.h>
int sealed_sqlite_register(void) { return sodium_init() < 0 ? SQLITE_ERROR : SQLITE_OK; }
