// SPDX-License-Identifier: Apache-2.0
// In front of each file of CSealedSQLite: SQLite's functions are those of whoever loads the extension, and it is running already.
#pragma once
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT3
#define sqlite3_config(...) SQLITE_OK
#define sqlite3_initialize() SQLITE_OK
