// SPDX-License-Identifier: Apache-2.0
import GRDB
import SealedSQLite

/// Copies rows of one table into the same table of a new file, whatever its columns.
struct RowCopy {
    private let table: String
    private let columns: [String]
    /// The column that is the rowid itself: its place in a record is empty.
    private let idColumn: Int?

    /// What is written anew instead, or made out of it.
    private static let made: Set<String> = [
        "account", "mailboxes", "messages", "bodies", "chunks", "texts", "unindexed", "text_index", "schema_version",
    ]

    /// Nil when the new file has no such table, or writes it anew.
    init?(_ table: String, _ db: Database) throws {
        guard !Self.made.contains(table), !table.hasPrefix("sqlite_"), !table.hasPrefix("text_index_"),
            try db.tableExists(table)
        else { return nil }
        self.table = table
        let columns = try db.columns(in: table)
        self.columns = columns.map(\.name)
        idColumn = columns.firstIndex { $0.primaryKeyIndex == 1 && $0.type.uppercased() == "INTEGER" }
    }

    /// False when the new file has that row already, or does not take it.
    func insert(_ rowID: Int64?, _ values: [SalvagedRow.Value], _ db: Database) throws -> Bool {
        // UIDs that went are recorded anew.
        if table == "changes", values.count > 1, values[1].integer == ChangeKind.messages { return false }
        var values = values
        if let rowID, let idColumn, values.indices.contains(idColumn) { values[idColumn] = .integer(rowID) }
        // A row from before a column was added is shorter.
        guard (1...columns.count).contains(values.count) else { return false }
        try removeOlder(values, db)
        let names = columns.prefix(values.count).map { "\"\($0)\"" }.joined(separator: ", ")
        let places = values.map { _ in "?" }.joined(separator: ", ")
        try db.cachedStatement(sql: "INSERT OR IGNORE INTO \"\(table)\" (\(names)) VALUES (\(places))")
            .execute(arguments: StatementArguments(values))
        return db.changesCount > 0
    }

    /// Of an object that was changed, a page that is free now may have the state of before.
    private func removeOlder(_ values: [SalvagedRow.Value], _ db: Database) throws {
        guard let tables = CollectionTables.all.first(where: { $0.objects == table }), values.count == columns.count
        else { return }
        try db.cachedStatement(
            sql: """
                DELETE FROM \(table) WHERE (id = ? OR (\(tables.parent) = ? AND name = ?)) AND modseq < ?
                """
        ).execute(arguments: StatementArguments(values[..<3] + [values[values.count - 1]]))
    }
}
