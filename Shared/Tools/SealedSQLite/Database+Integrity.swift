// SPDX-License-Identifier: Apache-2.0
import GRDB

extension Database {
    /// What SQLite finds wrong in the file (`integrity_check`), at most 20 lines; empty when it is sound. Reads every page.
    package func integrityProblems() throws -> [String] {
        try String.fetchAll(self, sql: "PRAGMA integrity_check(20)").filter { $0 != "ok" }
    }
}
