// SPDX-License-Identifier: Apache-2.0
import GRDB
import MailStore

/// Where an object is: its collection and its name there.
package struct ObjectPlace: Sendable, Equatable {
    package let collection: String
    package let name: String

    package init(_ collection: String, _ name: String) {
        self.collection = collection
        self.name = name
    }
}

extension CalendarStore {
    /// Copies an object to another place of its kind, or moves it there. True: the place was free.
    ///
    /// `precondition` is about the object at `source`. Without `overwrites`, a place that is taken is
    /// `.preconditionFailed`. Errors: `.noSuchCollection`, `.noSuchObject`, `.noTargetCollection`, `.preconditionFailed`,
    /// `.uidConflict`, `.unsupportedComponent`, `.invalidName`, `.limit`, `.store(.overQuota)` (a copy alone), `.store(.diskFull)`.
    package func transfer(
        _ kind: CollectionKind, from source: ObjectPlace, to target: ObjectPlace, isMove: Bool, overwrites: Bool,
        _ precondition: Precondition = .none
    ) async throws(CollectionError) -> Bool {
        try check(target.name)
        let limits = limits
        let quota = try await quota(for: isMove ? 0 : limits.objectBytes)
        return try await write { db in
            let from = try db.collection(kind, source.collection)
            guard let object = try db.objects(kind, "\(kind.parent) = ? AND name = ?", [from.id, source.name]).first
            else { throw CollectionError.noSuchObject }
            guard precondition.holds(for: object.etag) else { throw CollectionError.preconditionFailed }
            let to: Collection
            do { to = try db.collection(kind, target.collection) } catch CollectionError.noSuchCollection {
                throw CollectionError.noTargetCollection
            }
            let (present, size) = try db.etagAndSize(kind, to.id, target.name)
            let isFree = present == nil
            guard isFree || overwrites else { throw CollectionError.preconditionFailed }
            if kind == .calendar, !to.properties.components.contains(object.component) {
                throw CollectionError.unsupportedComponent
            }
            let isWithin = from.id == to.id
            try db.checkUID(
                kind, to.id, object.uid, besides: isMove && isWithin ? [source.name, target.name] : [target.name])
            if isFree, !(isMove && isWithin) { try db.checkRoom(kind, to.id, limit: limits.objects) }
            if !isMove { try db.checkRoom(for: object.size - size, limit: quota) }
            var modseq = try db.nextModseq()
            try db.copy(kind, from.id, source.name, to: to.id, target.name, modseq: modseq)
            try db.forgetRemoval(kind, to.id, target.name)
            try db.touch(kind, to.id, modseq)
            if isMove {
                modseq = try db.nextModseq()
                try db.remove(kind, from.id, source.name, modseq: modseq, remembering: limits.rememberedRemovals)
            }
            return isFree
        }
    }
}

extension Database {
    fileprivate func copy(
        _ kind: CollectionKind, _ from: Int64, _ source: String, to: Int64, _ target: String, modseq: Int64
    ) throws {
        let kept = ["uid", "etag", "data"] + kind.indexColumns
        try execute(
            sql: """
                INSERT INTO \(kind.objects) (\(kind.parent), name, modseq, \(kept.joined(separator: ", ")))
                SELECT ?, ?, ?, \(kept.joined(separator: ", ")) FROM \(kind.objects)
                WHERE \(kind.parent) = ? AND name = ?
                ON CONFLICT (\(kind.parent), name) DO UPDATE SET
                \((["modseq"] + kept).map { "\($0) = excluded.\($0)" }.joined(separator: ", "))
                """, arguments: [to, target, modseq, from, source])
    }
}
