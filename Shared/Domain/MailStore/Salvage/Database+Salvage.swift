// SPDX-License-Identifier: Apache-2.0
import GRDB
import SealedSQLite

/// The end of what was copied row by row into a new file: what it belonged to, and what of it is lost.
extension Database {
    /// The highest modseq and UIDVALIDITY in the tables that are copied.
    func issuedBesidesMail() throws -> (modseq: Int64, uidValidity: Int64) {
        let tables = ["calendars", "calendar_objects", "address_books", "cards", "changes"]
        let modseqs = try tables.map { try Int64.fetchOne(self, sql: "SELECT max(modseq) FROM \($0)") ?? 1 }
        return (
            modseqs.max() ?? 1, try Int64.fetchOne(self, sql: "SELECT max(uid_validity) FROM former_names") ?? 0
        )
    }

    /// See `FoundEntries.settle`.
    func settle(_ entries: inout FoundEntries) throws {
        for values in try entries.settle(self) {
            try execute(
                sql: "INSERT OR IGNORE INTO former_names (name, uid_validity) VALUES (?, ?)",
                arguments: StatementArguments(values))
        }
    }

    /// Collections whose own row is lost come back under their names, where those are known; lost objects are listed.
    func finish(_ tables: CollectionTables, _ entries: FoundEntries, _ report: inout SalvageReport) throws {
        let names = entries.names[tables.collections] ?? [:]
        let parents = try Int64.fetchSet(self, sql: "SELECT \(tables.parent) FROM \(tables.objects)")
        let present = try Int64.fetchSet(self, sql: "SELECT id FROM \(tables.collections)")
        for id in parents.union(names.keys).subtracting(present).sorted() {
            try addCollection(id, names[id], tables)
            report.lose(
                names[id].map { "the properties of \(tables.word) \($0)" }
                    ?? "the name of \(tables.article) \(tables.word), which is recovered-\(id) now")
        }
        let called = try Row.fetchAll(self, sql: "SELECT id, name FROM \(tables.collections)")
        let titles = Dictionary(uniqueKeysWithValues: called.map { ($0[0] as Int64, $0[1] as String) })
        let isThere = try cachedStatement(
            sql: "SELECT 1 FROM \(tables.objects) WHERE id = ? OR (\(tables.parent) = ? AND name = ?)")
        for (id, object) in (entries.objects[tables.objects] ?? [:]).sorted(by: { $0.key < $1.key })
        where try Int.fetchOne(isThere, arguments: [id, object.collection, object.name]) == nil {
            let title = titles[object.collection] ?? "whose name is lost"
            let uid = object.uid.map { " (UID \($0))" } ?? ""
            report.lose("\(object.name ?? "an object")\(uid) of \(tables.word) \(title)")
        }
    }

    private func addCollection(_ id: Int64, _ name: String?, _ tables: CollectionTables) throws {
        let modseq = try nextModseq()
        let isCalendar = tables.collections == "calendars"
        // An older page may know it by a name that another has now.
        let isTaken = try name.map {
            try Bool.fetchOne(self, sql: "SELECT 1 FROM \(tables.collections) WHERE name = ?", arguments: [$0]) ?? false
        }
        let name = isTaken == true ? nil : name
        try execute(
            sql: """
                INSERT INTO \(tables.collections) (id, name, display_name, modseq\(isCalendar ? ", components" : ""))
                VALUES (?, ?, ?, ?\(isCalendar ? ", 'VEVENT,VTODO,VJOURNAL'" : ""))
                """, arguments: [id, name ?? "recovered-\(id)", name ?? "Recovered", modseq])
    }

    /// Who is subscribed to nothing may see nothing: where subscriptions are lost, every mailbox gets one.
    func finishSubscriptions(_ reader: SalvageReader, _ report: inout SalvageReport) throws {
        let tables = reader.unreadable.map { reader.table(of: $0) }
        if tables.contains("keywords") { report.lose("names of keywords, and so these flags of messages") }
        let count = try Int.fetchOne(self, sql: "SELECT count(*) FROM subscriptions") ?? 0
        let isUnknown = count == 0 && reader.roots["subscriptions"] == nil && tables.contains(nil)
        guard tables.contains("subscriptions") || isUnknown else { return }
        try execute(sql: "INSERT OR IGNORE INTO subscriptions SELECT name FROM mailboxes")
        report.lose("which mailboxes are subscribed: all are now")
    }
}
