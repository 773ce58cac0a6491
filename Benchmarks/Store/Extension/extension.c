// SPDX-License-Identifier: Apache-2.0
// Our VFS as an extension that any SQLite can load: so it works under the very SQLite that its peer's cipher is built into.
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1
#include "sealed_sqlite.h"

int sqlite3_extension_init(sqlite3 *connection, char **error, const sqlite3_api_routines *api) {
    (void)connection, (void)error;
    SQLITE_EXTENSION_INIT2(api);
    return sealed_sqlite_register() == SQLITE_OK ? SQLITE_OK_LOAD_PERMANENTLY : SQLITE_ERROR;
}
