// SPDX-License-Identifier: Apache-2.0
import GRDB
import SealedSQLite

/// A table of collections, and that of what is in them.
struct CollectionTables {
    let collections, objects, parent, article, word: String

    static let all = [
        Self(collections: "calendars", objects: "calendar_objects", parent: "calendar", article: "a", word: "calendar"),
        Self(
            collections: "address_books", objects: "cards", parent: "address_book", article: "an", word: "address book"),
    ]
}

/// Entries of indexes: they still have the names of rows that are lost.
struct FoundEntries {
    struct Object {
        var collection: Int64
        var name: String?
        var uid: String?
    }

    /// What an entry of an index tells: the name of a collection or mailbox, or name or UID of an object.
    private enum Content: CaseIterable {
        case calendar, addressBook, mailbox, eventName, eventUID, cardName, cardUID

        var index: String {
            switch self {
            case .calendar: "sqlite_autoindex_calendars_1"
            case .addressBook: "sqlite_autoindex_address_books_1"
            case .mailbox: "sqlite_autoindex_mailboxes_1"
            case .eventName: "sqlite_autoindex_calendar_objects_1"
            case .eventUID: "calendar_objects_uid"
            case .cardName: "sqlite_autoindex_cards_1"
            case .cardUID: "cards_uid"
            }
        }

        var table: String {
            switch self {
            case .calendar: "calendars"
            case .addressBook: "address_books"
            case .mailbox: "mailboxes"
            case .eventName, .eventUID: "calendar_objects"
            case .cardName, .cardUID: "cards"
            }
        }

        var isOfObject: Bool { ["calendar_objects", "cards"].contains(table) }

        /// The columns of its table that the index is over.
        var columns: String {
            let parent = table == "cards" ? "address_book" : "calendar"
            return switch self {
            case .calendar, .addressBook, .mailbox: "name"
            case .eventName, .cardName: "\(parent), name"
            case .eventUID, .cardUID: "\(parent), uid"
            }
        }
    }

    /// By table and row.
    private(set) var objects: [String: [Int64: Object]] = [:]
    /// Of collections and mailboxes, by table and row.
    private(set) var names: [String: [Int64: String]] = [:]
    /// Entries of trees that the schema does not name, by tree.
    private var strays: [UInt32: [[SalvagedRow.Value]]] = [:]

    /// Entries of one tree that are compared with rows.
    private static let compared = 100

    /// - Parameter table: nil when the row's tree has no name.
    mutating func take(_ row: SalvagedRow, of table: String?, _ reader: SalvageReader) {
        guard row.rowID == nil else { return }
        if let table {
            guard let content = Content.allCases.first(where: { $0.index == table }),
                let values = reader.values(of: row)
            else { return }
            take(values, content)
            return
        }
        let shape = RowShape(row)
        guard shape.isNameEntry || shape.isObjectEntry, let values = reader.values(of: row) else { return }
        strays[row.root ?? row.place.page, default: []].append(values)
    }

    /// A row of which a part is lost still has its name.
    mutating func take(partOf row: SalvagedRow, of table: String, _ reader: SalvageReader) {
        let values = reader.leadingValues(of: row)
        guard let id = row.rowID, CollectionTables.all.contains(where: { $0.objects == table }), values.count > 3,
            let collection = values[1].integer
        else { return }
        objects[table, default: [:]][id] = Object(collection: collection, name: values[2].text, uid: values[3].text)
    }

    private mutating func take(_ values: [SalvagedRow.Value], _ content: Content) {
        guard let id = values.last?.integer else { return }
        guard content.isOfObject else {
            if values.count == 2, let name = values[0].text { names[content.table, default: [:]][id] = name }
            return
        }
        guard values.count == 3, let collection = values[0].integer, let text = values[1].text else { return }
        var object = objects[content.table]?[id] ?? Object(collection: collection)
        if [.eventName, .cardName].contains(content) { object.name = text } else { object.uid = text }
        objects[content.table, default: [:]][id] = object
    }

    /// Finds out what the trees without a name are indexes of, by the rows that were saved. What fits none has the shape of
    /// `former_names`: returned.
    mutating func settle(_ db: Database) throws -> [[SalvagedRow.Value]] {
        var rest: [[SalvagedRow.Value]] = []
        for entries in strays.values {
            let isOfObject = entries[0].count == 3
            var best: (content: Content, fitting: Int)?
            for content in Content.allCases where content.isOfObject == isOfObject {
                let marks = isOfObject ? "(?, ?)" : "(?)"
                let statement = try db.cachedStatement(
                    sql: "SELECT 1 FROM \(content.table) WHERE (\(content.columns)) = \(marks) AND id = ?")
                let fitting = try entries.prefix(Self.compared).count {
                    try Int.fetchOne(statement, arguments: StatementArguments($0)) != nil
                }
                if fitting > best?.fitting ?? 0 { best = (content, fitting) }
            }
            if let best {
                for entry in entries { take(entry, best.content) }
            } else if !isOfObject {
                rest += entries
            }
        }
        strays = [:]
        return rest
    }
}
