// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import MailStore

extension CalendarStore {
    /// By position and name. An account that never had a collection of the kind gets its first one here.
    package func collections(_ kind: CollectionKind) async throws(CollectionError) -> [Collection] {
        let found = try await read { db in
            try Row.fetchAll(
                db, sql: "SELECT \(kind.columns) FROM \(kind.collections) ORDER BY \(kind.order), name"
            ).map { Collection($0, kind) }
        }
        guard found.isEmpty else { return found }
        return try await write { db in
            // AUTOINCREMENT remembers ids that were ever given: who removed all collections wants none.
            let sequence = "SELECT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?)"
            guard try Bool.fetchOne(db, sql: sequence, arguments: [kind.collections]) != true else { return [] }
            let (name, title) = kind == .calendar ? ("calendar", "Calendar") : ("contacts", "Contacts")
            try db.insert(kind, name, CollectionProperties(displayName: title))
            return [try db.collection(kind, name)]
        }
    }

    /// `.noSuchCollection`
    package func collection(_ kind: CollectionKind, _ name: String) async throws(CollectionError) -> Collection {
        try await read { db in try db.collection(kind, name) }
    }

    /// `.collectionExists`, `.invalidName`, `.limit`
    package func create(
        _ kind: CollectionKind, _ name: String, _ properties: CollectionProperties
    ) async throws(CollectionError) {
        try check(name)
        try check(properties)
        let limit = limits.collections
        try await write { db in
            let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM \(kind.collections)") ?? 0
            let names = "SELECT EXISTS (SELECT 1 FROM \(kind.collections) WHERE name = ?)"
            guard try Bool.fetchOne(db, sql: names, arguments: [name]) != true else {
                throw CollectionError.collectionExists
            }
            guard count < limit else { throw CollectionError.limit }
            try db.insert(kind, name, properties)
        }
    }

    /// Changes properties in one transaction; `body` gets the present ones. `.noSuchCollection`, `.limit`
    package func update(
        _ kind: CollectionKind, _ name: String, _ body: @escaping @Sendable (inout CollectionProperties) -> Void
    ) async throws(CollectionError) {
        try await write { db in
            let collection = try db.collection(kind, name)
            var properties = collection.properties
            body(&properties)
            try check(properties)
            guard properties != collection.properties else { return }
            let values = try kind.values(properties)
            try db.execute(
                sql: """
                    UPDATE \(kind.collections) SET \(values.map { "\($0.column) = ?" }.joined(separator: ", ")), modseq = ?
                    WHERE id = ?
                    """,
                arguments: StatementArguments(values.map(\.value)) + [try db.nextModseq(), collection.id])
        }
    }

    /// With all that is in it. `.noSuchCollection`
    package func delete(_ kind: CollectionKind, _ name: String) async throws(CollectionError) {
        try await write { db in
            let collection = try db.collection(kind, name)
            _ = try db.nextModseq()
            try db.execute(
                sql: "DELETE FROM changes WHERE kind = ? AND collection = ?", arguments: [kind.change, collection.id])
            try db.execute(sql: "DELETE FROM \(kind.collections) WHERE id = ?", arguments: [collection.id])
        }
    }

    func check(_ name: String) throws(CollectionError) {
        guard !name.isEmpty, name.utf8.count <= limits.nameBytes else { throw .invalidName }
    }

    private func check(_ properties: CollectionProperties) throws(CollectionError) {
        let texts =
            [properties.displayName, properties.description, properties.color, properties.timeZone].compactMap { $0 }
            + properties.components + properties.others.flatMap { [$0.namespace, $0.name, $0.xml] }
        guard texts.reduce(0, { $0 + $1.utf8.count }) <= limits.otherPropertyBytes else { throw .limit }
    }
}

extension CollectionKind {
    fileprivate var columns: String {
        self == .calendar
            ? """
            id, name, modseq, display_name, description, properties, color, position, components, time_zone, transparent
            """
            : "id, name, modseq, display_name, description, properties, NULL, 0, '', NULL, 0"
    }

    fileprivate var order: String { self == .calendar ? "position" : "display_name" }

    fileprivate func values(_ properties: CollectionProperties) throws
        -> [(column: String, value: (any DatabaseValueConvertible)?)]
    {
        let others = properties.others.isEmpty ? nil : try JSONEncoder().encode(properties.others)
        let common: [(String, (any DatabaseValueConvertible)?)] = [
            ("display_name", properties.displayName), ("description", properties.description), ("properties", others),
        ]
        guard self == .calendar else { return common }
        return common + [
            ("color", properties.color), ("position", properties.position),
            ("components", properties.components.joined(separator: ",")), ("time_zone", properties.timeZone),
            ("transparent", properties.isTransparent),
        ]
    }
}

extension Collection {
    fileprivate init(_ row: Row, _ kind: CollectionKind) {
        var properties = CollectionProperties(
            displayName: row[3], components: (row[8] as String).split(separator: ",").map(String.init))
        properties.description = row[4]
        properties.color = row[6]
        properties.position = row[7]
        properties.timeZone = row[9]
        properties.isTransparent = row[10]
        if let others = row[5] as Data? {
            properties.others = (try? JSONDecoder().decode([OtherProperty].self, from: others)) ?? []
        }
        self.init(id: row[0], kind: kind, name: row[1], properties: properties, modseq: UInt64(row[2] as Int64))
    }
}

extension Database {
    func collection(_ kind: CollectionKind, _ name: String) throws -> Collection {
        let statement = try cachedStatement(sql: "SELECT \(kind.columns) FROM \(kind.collections) WHERE name = ?")
        guard let row = try Row.fetchOne(statement, arguments: [name]) else { throw CollectionError.noSuchCollection }
        return Collection(row, kind)
    }

    fileprivate func insert(_ kind: CollectionKind, _ name: String, _ properties: CollectionProperties) throws {
        let values = try kind.values(properties)
        let columns = values.map(\.column).joined(separator: ", ")
        let marks = values.map { _ in "?" }.joined(separator: ", ")
        try execute(
            sql: "INSERT INTO \(kind.collections) (name, modseq, \(columns)) VALUES (?, ?, \(marks))",
            arguments: [name, try nextModseq()] + StatementArguments(values.map(\.value)))
    }
}
