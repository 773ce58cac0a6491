// SPDX-License-Identifier: Apache-2.0
import BackupJobs
import Foundation
import SealedSQLite

/// Where backups are kept: sealed chunks that backups share, and a sealed manifest for each backup. BackupEngine.md has
/// the layout byte by byte. One job uses it, on one thread; calls block.
package final class Repository {
    /// Bytes of a chunk; the last one of a file has fewer. At fixed places of the file: a page that did not change has the
    /// same ciphertext, so a chunk of such pages is there already.
    static let chunkBytes = 1 << 20
    private static let header = "repository"
    private static let recovery = "recovery"
    private static let smallObject = 64 << 10

    let store: any ObjectStore
    private let keys: RepositoryKeys
    /// Chunks that are there. Read when a backup or a sweep begins.
    private var known: Set<ChunkName> = []
    /// Of the damaged ones, those that were not even there then.
    private var absent: Set<ChunkName> = []

    package var place: String { store.place }

    private struct Header: Codable {
        var format: Int
        var id: String
        var chunkBytes: Int
        /// The id, sealed: tells whether the repository key is the right one.
        var check: Data
    }

    /// Opens a repository with its key.
    /// - Parameter make: makes one where there is nothing yet.
    /// Throws `BackupError.noRepository`, `.foreignRepository`, `.laterRelease`, `.notEmpty`.
    init(_ store: any ObjectStore, key: SealedKey, make: Bool = false) throws {
        self.store = store
        keys = RepositoryKeys(key)
        if let bytes = try store.read(Self.header, limit: Self.smallObject) {
            guard let header = try? JSONDecoder().decode(Header.self, from: Data(bytes)) else {
                throw BackupError.damaged("\(store.place): its file `repository`")
            }
            guard header.format == 1, header.chunkBytes == Self.chunkBytes else {
                throw BackupError.laterRelease(store.place)
            }
            guard let id = try? keys.open([UInt8](header.check), as: Self.header), id == Array(header.id.utf8) else {
                throw BackupError.foreignRepository(store.place)
            }
        } else {
            guard make else { throw BackupError.noRepository(store.place) }
            guard
                try store.list("").allSatisfy({
                    $0.name == "lock" || $0.name.hasPrefix("locks/") || $0.name.hasPrefix("tmp/")
                })
            else { throw BackupError.notEmpty(store.place) }
            let id = String(UInt64.random(in: 1 << 60 ... .max), radix: 16)
            let check = Array(id.utf8).withUnsafeBytes { keys.seal($0, as: Self.header) }
            let header = Header(format: 1, id: id, chunkBytes: Self.chunkBytes, check: Data(check))
            try store.write(Self.header, [UInt8](JSONEncoder().encode(header)))
            try store.flush()
        }
    }

    /// What the recovery key opens.
    static func recovery(in store: any ObjectStore) throws -> SealedRecovery {
        guard try store.read(header, limit: smallObject) != nil else { throw BackupError.noRepository(store.place) }
        guard let bytes = try store.read(recovery, limit: smallObject) else {
            throw BackupError.damaged("\(store.place): its file `recovery`")
        }
        return SealedRecovery(bytes: bytes)
    }

    /// Lays the sealed keys down, when others or none are there.
    func put(_ sealed: SealedRecovery) throws {
        guard try store.read(Self.recovery, limit: Self.smallObject) != sealed.bytes else { return }
        try store.write(Self.recovery, sealed.bytes)
        try store.flush()
    }

    // MARK: Chunks

    /// A chunk that is noted as damaged is not there, so the same content is written over it.
    func readKnownChunks() throws {
        known = Set(try store.list("chunks").compactMap { ChunkName(hex: $0.name.suffix(64)) })
        let damaged = try damagedChunks()
        absent = damaged.subtracting(known)
        known.subtract(damaged)
    }

    /// Notes of damaged chunks that were written anew since `readKnownChunks`, and are on disk, or were not there, go.
    func forgetMended() throws {
        try forgetDamaged(damagedChunks().filter { known.contains($0) || absent.contains($0) })
    }

    /// Writes the chunk unless it is there. Certain to be there after `store.flush()`.
    func add(_ content: UnsafeRawBufferPointer) throws -> (name: ChunkName, isNew: Bool) {
        let name = keys.chunkName(content)
        guard !known.contains(name) else { return (name, false) }
        try store.write(name.object, keys.seal(content, as: name.object))
        known.insert(name)
        return (name, true)
    }

    /// Its content, checked. Throws `BackupError.damaged`.
    func chunk(_ name: ChunkName) throws -> [UInt8] {
        let read: [UInt8]?
        do { read = try store.read(name.object, limit: Self.chunkBytes + RepositoryKeys.overhead) } catch BackupError
            .tooLarge
        { throw BackupError.damaged(name.object) }
        guard let sealed = read else {
            throw BackupError.damaged("chunk \(name.hex) is missing, so what it belongs to")
        }
        let content = try keys.open(sealed, as: name.object)
        guard content.withUnsafeBytes({ keys.chunkName($0) }) == name else { throw BackupError.damaged(name.object) }
        return content
    }

    // MARK: Backups

    /// Ids, oldest first.
    package func backups() throws -> [String] {
        try ids(in: "backups").sorted()
    }

    /// Those that were read whole and found good, now or before.
    func verifiedBackups() throws -> Set<String> { Set(try ids(in: "verified")) }

    private func ids(in folder: String) throws -> [String] {
        try store.list(folder).map { String($0.name.dropFirst(folder.count + 1)) }.filter(BackupSummary.isID)
    }

    /// Throws `BackupError.noSuchBackup`, `.damaged`, `.laterRelease`.
    package func manifest(_ id: String) throws -> Manifest {
        let object = "backups/" + id
        guard BackupSummary.isID(id), let sealed = try store.read(object, limit: Manifest.longest) else {
            throw BackupError.noSuchBackup(id)
        }
        guard let manifest = try? JSONDecoder().decode(Manifest.self, from: Data(try keys.open(sealed, as: object))),
            manifest.id == id
        else { throw BackupError.damaged(object) }
        guard manifest.format == Manifest.format else { throw BackupError.laterRelease(object) }
        return manifest
    }

    /// From now on the backup is there: everything that it names is, and is on disk.
    func add(_ manifest: Manifest) throws {
        try store.flush()
        let object = "backups/" + manifest.id
        let bytes = try JSONEncoder().encode(manifest)
        guard bytes.count < Manifest.longest - RepositoryKeys.overhead else {
            throw BackupError.tooLarge("the manifest")
        }
        try store.write(object, bytes.withUnsafeBytes { keys.seal($0, as: object) })
        try store.flush()
    }

    /// Newest first. A manifest that cannot be read is told of by its id, as incomplete, with no files.
    package func summaries() throws -> [BackupSummary] {
        let ids = try backups()
        try store.fetch(ids.map { "backups/" + $0 })
        var found: [BackupSummary] = []
        for id in ids.reversed() {
            do {
                let manifest = try manifest(id)
                found.append(
                    BackupSummary(
                        id: id, taken: manifest.taken, files: manifest.files.count, bytes: manifest.bytes,
                        verified: try verified(id), incomplete: !manifest.isComplete))
            } catch BackupError.damaged {
                found.append(BackupSummary(id: id, taken: 0, files: 0, bytes: 0, incomplete: true))
            }
        }
        return found
    }

    func noteVerified(_ id: String, at seconds: Int64) throws {
        try writeSmall("verified/" + id, Array("\(seconds)".utf8))
    }

    func forgetVerified(_ id: String) throws {
        try store.delete(["verified/" + id])
        try store.flush()
    }

    private func verified(_ id: String) throws -> Int64? {
        (try? openSmall("verified/" + id)).flatMap { Int64(String(decoding: $0, as: UTF8.self)) }
    }

    /// A small object of its own, on disk when this returns.
    func writeSmall(_ object: String, _ content: [UInt8]) throws {
        try store.write(object, content.withUnsafeBytes { keys.seal($0, as: object) })
        try store.flush()
    }

    /// `nil`: there is none.
    func openSmall(_ object: String) throws -> [UInt8]? {
        try store.read(object, limit: Self.smallObject).map { try keys.open($0, as: object) }
    }

    // MARK: Removal

    /// Removes what the retention no longer keeps, as `remove(_:progress:)` does.
    @discardableResult
    func remove(beyond retention: Retention, progress: (Int, Int) throws -> Void) throws -> Int64 {
        let ids = try backups()
        try store.fetch(ids.map { "backups/" + $0 })
        var incomplete: Set<String> = []
        for (index, id) in ids.enumerated() {
            try progress(index, ids.count)
            do { if try !manifest(id).isComplete { incomplete.insert(id) } } catch BackupError.damaged {
                incomplete.insert(id)
            }
        }
        return try remove(retention.superfluous(ids, incomplete: incomplete), progress: progress)
    }

    /// Removes these backups, then every chunk that no backup names, and so what a removal that was cut short has left.
    /// Nothing goes when a remaining manifest cannot be read: what it names is not known then. Only under the lock for one
    /// alone. Returns the bytes that were freed.
    @discardableResult
    func remove(_ ids: Set<String>, progress: (Int, Int) throws -> Void = { _, _ in }) throws -> Int64 {
        var named: Set<ChunkName> = []
        let remaining = try backups().filter { !ids.contains($0) }
        for (index, id) in remaining.enumerated() {
            try progress(index, remaining.count)
            for file in try manifest(id).files { named.formUnion(file.chunkNames) }
        }
        try store.delete(ids.sorted().map { "backups/" + $0 })
        try store.flush()
        try store.delete(verifiedBackups().subtracting(remaining).sorted().map { "verified/" + $0 })
        let unnamed = try store.list("chunks").filter { object in
            ChunkName(hex: object.name.suffix(64)).map { !named.contains($0) } ?? false
        }
        for start in stride(from: 0, to: unnamed.count, by: 500) {
            try store.delete(unnamed[start..<min(start + 500, unnamed.count)].map(\.name))
        }
        try store.flush()
        known.formIntersection(named)
        return unnamed.reduce(0) { $0 + $1.size }
    }
}
