// SPDX-License-Identifier: Apache-2.0
import GRDB
import MailStore

extension CalendarStore {
    /// After `AccountStore.becomeRestored`: every collection and object takes a new modseq, and no sync token from before
    /// can be computed any more (`.invalidSyncToken`).
    package func becomeRestored() async throws(CollectionError) {
        try await write { db in
            let modseq = try db.nextModseq()
            for kind in CollectionKind.allCases {
                try db.execute(sql: "UPDATE \(kind.collections) SET modseq = ?", arguments: [modseq])
                try db.execute(sql: "UPDATE \(kind.objects) SET modseq = ?", arguments: [modseq])
                try db.execute(sql: "DELETE FROM changes WHERE kind = ?", arguments: [kind.change])
                // A row without a name: what is older than it is forgotten.
                try db.execute(
                    sql: "INSERT INTO changes (kind, collection, modseq) SELECT ?, id, ? FROM \(kind.collections)",
                    arguments: [kind.change, modseq])
            }
        }
    }
}
