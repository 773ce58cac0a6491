// SPDX-License-Identifier: Apache-2.0
#pragma once
int sealed_sqlite_register(void);
