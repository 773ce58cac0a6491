// SPDX-License-Identifier: Apache-2.0
import Crypto
import Foundation

extension Repository {
    /// Chunks that are fetched at once.
    private static let batch = 64

    /// The bytes of a file, piece by piece, checked: each chunk by its tag and name, the whole by its length and SHA-256,
    /// which throws only after the last piece. Throws `BackupError.damaged`.
    func pieces(of file: Manifest.File, _ body: ([UInt8]) throws -> Void) throws {
        let names = file.chunkNames
        var (hash, count) = (SHA256(), Int64(0))
        for start in stride(from: 0, to: names.count, by: Self.batch) {
            let batch = names[start..<min(start + Self.batch, names.count)]
            try store.fetch(Set(batch).map(\.object))
            for name in batch {
                let piece = try chunk(name)
                hash.update(data: piece)
                count += Int64(piece.count)
                try body(piece)
            }
        }
        guard count == file.bytes, hash.finalize().hex == file.sha256 else { throw BackupError.damaged(file.path) }
    }

    /// Of these chunks, those that are damaged or missing.
    func damaged(among names: [ChunkName], _ tell: () throws -> Void) throws -> Set<ChunkName> {
        var found: Set<ChunkName> = []
        for start in stride(from: 0, to: names.count, by: Self.batch) {
            let batch = names[start..<min(start + Self.batch, names.count)]
            try store.fetch(batch.map(\.object))
            for name in batch {
                try tell()
                do { _ = try chunk(name) } catch BackupError.damaged { found.insert(name) }
            }
        }
        return found
    }
}

/// Reads every byte of backups and checks it. What is damaged is noted in the repository, so that the next backup writes it
/// anew.
package struct Verification: Sendable {
    /// Damages that are told one by one, of each backup.
    private static let mostTold = 100

    package struct Outcome: Sendable, Codable, Equatable {
        package let backup: String
        package let files: Int
        package let bytes: Int64
        /// What is damaged; empty when all is good.
        package let damaged: [String]
    }

    package init() {}

    /// One backup, or all with `nil`. What several share is read once.
    package func run(_ repository: Repository, _ id: String?, _ control: JobControl = JobControl()) throws -> [Outcome]
    {
        try repository.store.lock(alone: false)
        defer { repository.store.unlock() }
        let ids = try id.map { [$0] } ?? repository.backups()
        guard !ids.isEmpty else { throw BackupError.noBackups }
        var read = Read()
        return try ids.map { id in try verify(repository, id, &read, control) }
    }

    /// Chunks whose state is known.
    private struct Read {
        var good: Set<ChunkName> = []
        var damaged: Set<ChunkName> = []
    }

    private func verify(
        _ repository: Repository, _ id: String, _ read: inout Read, _ control: JobControl
    ) throws -> Outcome {
        let manifest: Manifest
        do { manifest = try repository.manifest(id) } catch BackupError.damaged(let what) {
            return Outcome(backup: id, files: 0, bytes: 0, damaged: [what])
        }
        let total = manifest.bytes
        var (done, damaged) = (Int64(0), manifest.missing.map { "not in the backup: " + $0 })
        for file in manifest.files {
            let before = done
            if !file.chunkNames.allSatisfy(read.good.contains) || file.bytes == 0 {
                do {
                    try repository.pieces(of: file) { piece in
                        try control.progress("verifying \(id)", done, of: total)
                        done += Int64(piece.count)
                    }
                    read.good.formUnion(file.chunkNames)
                } catch BackupError.damaged(let what) {
                    damaged.append("\(file.path): \(what)")
                    let chunks = try lookForDamage(in: file, repository, &read) {
                        try control.progress("verifying \(id)", done, of: total)
                    }
                    do { try repository.noteDamaged(chunks) } catch let error as BackupError {
                        damaged.append(
                            "\(file.path): this cannot be noted, so the next backup will not mend it: \(error)")
                    }
                }
            }
            done = before + file.bytes
        }
        if damaged.isEmpty {
            try? repository.noteVerified(id, at: Int64(Date().timeIntervalSince1970))
        } else {
            try? repository.forgetVerified(id)
        }
        return Outcome(
            backup: id, files: manifest.files.count, bytes: total, damaged: Array(damaged.prefix(Self.mostTold)))
    }

    /// The damaged chunks of a file, of which only the first was met, but for those that are known already.
    private func lookForDamage(
        in file: Manifest.File, _ repository: Repository, _ read: inout Read, _ tell: () throws -> Void
    ) throws -> Set<ChunkName> {
        let unknown = Set(file.chunkNames).subtracting(read.good).subtracting(read.damaged)
        let damaged = try repository.damaged(among: Array(unknown), tell)
        read.good.formUnion(unknown.subtracting(damaged))
        read.damaged.formUnion(damaged)
        return damaged
    }
}
