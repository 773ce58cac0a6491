// SPDX-License-Identifier: Apache-2.0
import GRDB

/// The check of a zero-access account's own file, which only a process with its owner's key can make: whether somebody wishes
/// one, and what the last one found.
package struct OwnerCheck: Sendable, Equatable {
    /// Since when one is wished, seconds since 1970; nil: none is.
    package var wished: Int64?
    /// When the last one ended; nil: there was none.
    package var done: Int64?
    /// What that found, without names that the owner gave; empty: the file was sound.
    package var findings: [String] = []
}

/// In the file of sealed arrivals, which the operator can read: so without the names of mailboxes.
extension Arrivals {
    package func ownerCheck() async throws(StoreError) -> OwnerCheck {
        try await read { db in
            guard let row = try Row.fetchOne(db, sql: "SELECT check_wished, checked, check_findings FROM state") else {
                throw StoreError.damaged
            }
            let text = row[2] as String? ?? ""
            return OwnerCheck(wished: row[0], done: row[1], findings: text.split(separator: "\n").map(String.init))
        }
    }

    /// The next process that has the key is to make one. An older wish stays.
    package func wishOwnerCheck() async throws(StoreError) {
        try await write { db in
            try db.execute(
                sql: "UPDATE state SET check_wished = ? WHERE check_wished IS NULL", arguments: [SystemClock.seconds()])
        }
    }

    /// Notes what a check found; the wish for it is fulfilled.
    package func note(_ report: CheckReport) async throws(StoreError) {
        let findings = report.nameless.map { $0.replacing("\n", with: " ") }.joined(separator: "\n")
        try await write { db in
            try db.execute(
                sql: "UPDATE state SET check_wished = NULL, checked = ?, check_findings = ?",
                arguments: [SystemClock.seconds(), findings])
        }
    }
}
