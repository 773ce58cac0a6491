// SPDX-License-Identifier: Apache-2.0
import Crypto
import Foundation
import GRDB
import MailStore
import SealedSQLite

extension CalendarStore {
    /// What is in a collection, by name. `.noSuchCollection`
    package func objects(_ kind: CollectionKind, _ collection: String) async throws(CollectionError) -> [ObjectMetadata]
    {
        try await read { db in
            let id = try db.collection(kind, collection).id
            return try db.objects(kind, "\(kind.parent) = ?", [id])
        }
    }

    /// Those of a calendar that may touch the time from `range.lowerBound` to `range.upperBound` (seconds since 1970),
    /// of one kind when `component` is not nil. What repeats is among them when it may; only its bytes tell.
    package func objects(
        in collection: String, during range: Range<Int64>, component: String? = nil
    ) async throws(CollectionError) -> [ObjectMetadata] {
        try await read { db in
            let id = try db.collection(.calendar, collection).id
            return try db.objects(
                .calendar,
                """
                calendar = ? AND (?2 IS NULL OR component = ?2) AND (first_start IS NULL OR first_start < ?3)
                AND (last_end IS NULL OR last_end >= ?4)
                """, [id, component, range.upperBound, range.lowerBound])
        }
    }

    /// One object with its bytes. `.noSuchCollection`, `.noSuchObject`
    package func object(
        _ kind: CollectionKind, _ collection: String, _ name: String
    ) async throws(CollectionError) -> CollectionObject {
        let (found, _) = try await objects(kind, collection, named: [name])
        guard let object = found.first else { throw .noSuchObject }
        return object
    }

    /// Objects with their bytes, in the order of `names`; names that are not there are passed over. Stops once `bytes`
    /// are read, after one object at least: `taken` says how many names are done with.
    package func objects(
        _ kind: CollectionKind, _ collection: String, named names: some Swift.Collection<String> & Sendable,
        bytes: Int = 4 * 1024 * 1024
    ) async throws(CollectionError) -> (objects: [CollectionObject], taken: Int) {
        try await read { db in
            let id = try db.collection(kind, collection).id
            let statement = try db.cachedStatement(
                sql: """
                    SELECT \(kind.objectColumns), data FROM \(kind.objects) WHERE \(kind.parent) = ? AND name = ?
                    """)
            var found: [CollectionObject] = []
            var taken = 0
            var size = 0
            for name in names {
                taken += 1
                guard let row = try Row.fetchOne(statement, arguments: [id, name]) else { continue }
                found.append(CollectionObject(metadata: ObjectMetadata(row), data: [UInt8](row[6] as Data)))
                size += found.last?.data.count ?? 0
                if size >= bytes { break }
            }
            return (found, taken)
        }
    }

    /// Writes an object, new or in place of the one with its name.
    ///
    /// Errors: `.noSuchCollection`, `.preconditionFailed`, `.uidConflict`, `.unsupportedComponent`, `.tooLarge`,
    /// `.invalidName`, `.limit`, `.store(.overQuota)`, `.store(.diskFull)`.
    package func put(
        _ kind: CollectionKind, _ collection: String, _ object: NewObject, _ precondition: Precondition = .none
    ) async throws(CollectionError) -> (etag: String, isNew: Bool) {
        try check(object.name)
        guard object.uid.utf8.count <= limits.uidBytes else { throw .limit }
        guard object.data.count <= limits.objectBytes else { throw .tooLarge(limit: limits.objectBytes) }
        let etag = Self.etag(object.data)
        let limit = limits.objects
        let quota = try await quota(for: object.data.count)
        return try await write { db in
            let parent = try db.collection(kind, collection)
            let (present, size) = try db.etagAndSize(kind, parent.id, object.name)
            guard precondition.holds(for: present) else { throw CollectionError.preconditionFailed }
            if case .calendar(let component, _, _) = object.index,
                !parent.properties.components.contains(component)
            {
                throw CollectionError.unsupportedComponent
            }
            try db.checkUID(kind, parent.id, object.uid, besides: [object.name])
            if present == nil { try db.checkRoom(kind, parent.id, limit: limit) }
            // The same bytes again are no change: no client has to fetch them.
            guard present != etag else { return (etag, false) }
            try db.checkRoom(for: object.data.count - size, limit: quota)
            let modseq = try db.nextModseq()
            try db.write(kind, parent.id, object, etag: etag, modseq: modseq)
            try db.forgetRemoval(kind, parent.id, object.name)
            try db.touch(kind, parent.id, modseq)
            return (etag, present == nil)
        }
    }

    /// Removes an object. `.noSuchCollection`, `.noSuchObject`, `.preconditionFailed`
    package func remove(
        _ kind: CollectionKind, _ collection: String, _ name: String, _ precondition: Precondition = .none
    ) async throws(CollectionError) {
        let remembered = limits.rememberedRemovals
        try await write { db in
            let parent = try db.collection(kind, collection)
            guard let present = try db.etagAndSize(kind, parent.id, name).etag else {
                throw CollectionError.noSuchObject
            }
            guard precondition.holds(for: present) else { throw CollectionError.preconditionFailed }
            try db.remove(kind, parent.id, name, modseq: try db.nextModseq(), remembering: remembered)
        }
    }

    /// 128 bits of SHA-256, in hex.
    static func etag(_ data: [UInt8]) -> String {
        Hex.text(SHA256.hash(data: data).prefix(16))
    }
}

extension Precondition {
    /// `etag`: of the object that is there.
    func holds(for etag: String?) -> Bool {
        switch self {
        case .none: true
        case .isNew: etag == nil
        case .exists: etag != nil
        case .isOneOf(let tags): etag.map(tags.contains) ?? false
        }
    }
}

extension CollectionKind {
    /// What searches go by.
    var indexColumns: [String] { self == .calendar ? ["component", "first_start", "last_end"] : ["text"] }

    var objectColumns: String {
        "name, uid, \(self == .calendar ? "component" : "''"), etag, length(data), modseq"
    }
}

extension ObjectMetadata {
    init(_ row: Row) {
        self.init(
            name: row[0], uid: row[1], component: row[2], etag: row[3], size: row[4],
            modseq: UInt64(row[5] as Int64))
    }
}

extension Database {
    func objects(
        _ kind: CollectionKind, _ condition: String, _ arguments: StatementArguments
    ) throws -> [ObjectMetadata] {
        try Row.fetchAll(
            self, sql: "SELECT \(kind.objectColumns) FROM \(kind.objects) WHERE \(condition) ORDER BY name",
            arguments: arguments
        ).map(ObjectMetadata.init)
    }

    /// Of an object that is not there: nil and 0.
    func etagAndSize(
        _ kind: CollectionKind, _ collection: Int64, _ name: String
    ) throws -> (etag: String?, size: Int) {
        let row = try Row.fetchOne(
            self, sql: "SELECT etag, length(data) FROM \(kind.objects) WHERE \(kind.parent) = ? AND name = ?",
            arguments: [collection, name])
        return (row?[0], row?[1] ?? 0)
    }

    func touch(_ kind: CollectionKind, _ collection: Int64, _ modseq: Int64) throws {
        try execute(sql: "UPDATE \(kind.collections) SET modseq = ? WHERE id = ?", arguments: [modseq, collection])
    }

    /// Another object than those of `names` may not have that UID.
    func checkUID(_ kind: CollectionKind, _ collection: Int64, _ uid: String, besides names: [String]) throws {
        guard !uid.isEmpty else { return }
        let others = try String.fetchAll(
            self, sql: "SELECT name FROM \(kind.objects) WHERE \(kind.parent) = ? AND uid = ?",
            arguments: [collection, uid])
        if let other = others.first(where: { !names.contains($0) }) { throw CollectionError.uidConflict(other) }
    }

    func checkRoom(_ kind: CollectionKind, _ collection: Int64, limit: Int) throws {
        let count = "SELECT count(*) FROM \(kind.objects) WHERE \(kind.parent) = ?"
        guard try Int.fetchOne(self, sql: count, arguments: [collection]) ?? 0 < limit else {
            throw CollectionError.limit
        }
    }

    func remove(
        _ kind: CollectionKind, _ collection: Int64, _ name: String, modseq: Int64, remembering: Int
    ) throws {
        try execute(
            sql: "DELETE FROM \(kind.objects) WHERE \(kind.parent) = ? AND name = ?", arguments: [collection, name])
        try rememberRemoval(kind, collection, name, modseq: modseq, keeping: remembering)
        try touch(kind, collection, modseq)
    }

    fileprivate func write(
        _ kind: CollectionKind, _ collection: Int64, _ object: NewObject, etag: String, modseq: Int64
    ) throws {
        let columns = [kind.parent, "name", "uid", "etag", "data", "modseq"] + kind.indexColumns
        var arguments: StatementArguments = [collection, object.name, object.uid, etag, Data(object.data), modseq]
        switch object.index {
        case .calendar(let component, let start, let end): arguments += [component, start, end]
        case .card(let text): arguments += [text]
        }
        try execute(
            sql: """
                INSERT INTO \(kind.objects) (\(columns.joined(separator: ", ")))
                VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")))
                ON CONFLICT (\(kind.parent), name) DO UPDATE SET
                \(columns.dropFirst(2).map { "\($0) = excluded.\($0)" }.joined(separator: ", "))
                """, arguments: arguments)
    }
}
