// SPDX-License-Identifier: Apache-2.0
import Crypto
import Foundation
import SealedSQLite

/// Takes one backup of a store that may be in use. Blocks until it is done.
///
/// The order makes it whole: the outgoing mail, then the accounts, then the configuration. A message moves from the outgoing
/// mail into an account, never back, so it is in one of the two at least; a second delivery of the same is known by its key.
/// The configuration names the file that each account has just then, and keeps the key of the one before (an account that is
/// keyed anew has another file). Afterwards the folder is looked at again: a file that came is taken, after one that went
/// its successor is, and then the configuration once more, until no file is new.
package struct BackupRun: Sendable {
    /// A file whose new chunks do not fit into the staging is read again from its start after each upload, since its
    /// snapshot must not be held meanwhile; what has not changed is there by then.
    private static let mostPasses = 1000
    private static let mostRounds = 10

    package let data: String
    /// Files and folders that are put in as they are.
    package let settings: [String]
    package let place: RepositoryPlace
    package let keys: BackupKeys
    /// `nil`: nothing is removed.
    package let retention: Retention?
    package let release: String

    package init(
        data: String, settings: [String] = [], place: RepositoryPlace, keys: BackupKeys, retention: Retention?,
        release: String
    ) {
        self.data = data
        self.settings = settings
        self.place = place
        self.keys = keys
        self.retention = retention
        self.release = release
    }

    /// Throws `BackupError`; `.incomplete` when the backup is there and lacks a file: nothing is removed then.
    package func run(_ control: JobControl = JobControl(), now: Date = Date()) throws -> Manifest {
        guard access(data + "/config.db", F_OK) == 0 else {
            throw BackupError.refused("there is no store in \(data) (no config.db)")
        }
        guard !(place.text + "/").hasPrefix(data + "/") else {
            throw BackupError.refused("the backups must not lie in the store: \(place.text) is below \(data)")
        }
        let store = try place.store()
        try store.lock(alone: true)
        defer { store.unlock() }
        let repository = try Repository(store, key: keys.repository, make: true)
        try store.clean()
        try repository.put(keys.recoveryNow())
        try control.progress("looking what is there")
        try repository.readKnownChunks()

        let taken = Int64(now.timeIntervalSince1970)
        let contents = StoreContents(data: data)
        var reading = Reading(repository: repository, control: control, total: contents.bytes())
        try reading.takeAll(contents, settings: StoreContents.settings(settings))
        let manifest = Manifest(
            format: Manifest.format, id: Manifest.id(at: taken, after: try repository.backups().last), taken: taken,
            ended: Int64(Date().timeIntervalSince1970),
            release: release, files: reading.files.values.sorted { $0.path < $1.path }, missing: reading.missing)
        try control.progress("writing", reading.done, of: reading.done)
        // A rotation of the master key during the run: slots may be of the new one already.
        try repository.put(keys.recoveryNow())
        try repository.add(manifest)
        try repository.forgetMended()
        guard manifest.isComplete else { throw BackupError.incomplete(backup: manifest.id, manifest.missing) }
        if let retention {
            try control.progress("removing what is too old", reading.done, of: reading.done)
            try repository.remove(beyond: retention) { _, _ in try control.check() }
        }
        return manifest
    }

    /// The files of one run.
    private struct Reading {
        let repository: Repository
        let control: JobControl
        let total: Int64
        var done: Int64 = 0
        var files: [String: Manifest.File] = [:]
        /// Each with why.
        private var unreadable: [String: String] = [:]
        var missing: [String] { unreadable.map { "\($0.key): \($0.value)" }.sorted() }
        private var buffer = [UInt8](repeating: 0, count: Repository.chunkBytes)

        init(repository: Repository, control: JobControl, total: Int64) {
            self.repository = repository
            self.control = control
            self.total = total
        }

        mutating func takeAll(_ contents: StoreContents, settings: [(name: String, path: String)]) throws {
            for slot in ["config.slot", "spool.slot"] { try takePlain(slot, contents.path(slot)) }
            for (name, path) in settings { try takePlain(name, path) }
            try takeOrNote("spool.db", contents.path("spool.db"))
            var round = 0
            repeat {
                round += 1
                for name in untaken(contents) {
                    do { try takeOrNote(name, contents.path(name)) } catch SnapshotError.noSuchFile {
                        // Removed, or keyed anew: its successor is found below.
                    }
                }
                try take("config.db", contents.path("config.db"))
            } while !untaken(contents).isEmpty && round < BackupRun.mostRounds
        }

        private func untaken(_ contents: StoreContents) -> [String] {
            contents.accounts().filter { files[$0] == nil && unreadable[$0] == nil }
        }

        /// One file that cannot be read spoils no backup of the others.
        private mutating func takeOrNote(_ name: String, _ path: String) throws {
            do { try take(name, path) } catch let error as SnapshotError {
                if case .noSuchFile = error { throw error }
                unreadable[name] = "\(error)"
            }
        }

        private mutating func take(_ name: String, _ path: String) throws {
            let before = done
            for _ in 0..<BackupRun.mostPasses {
                done = before
                if let file = try pass(name, path) {
                    files[name] = file
                    return
                }
                try control.progress("uploading", done, of: total)
                try repository.store.flush()
            }
            throw BackupError.refused("\(path) changes faster than it can be uploaded")
        }

        /// `nil`: the staging is full; once more after it went up.
        private mutating func pass(_ name: String, _ path: String) throws -> Manifest.File? {
            let snapshot = try FileSnapshot(path: path)
            let pages = UInt32(Repository.chunkBytes / snapshot.pageSize)
            var (hash, chunks) = (SHA256(), [UInt8]())
            var page: UInt32 = 1
            while page <= snapshot.pages {
                try control.progress("reading", done, of: max(total, done))
                let count = try buffer.withUnsafeMutableBytes { try snapshot.read(from: page, into: $0) }
                try add(count, &hash, &chunks)
                page += pages
                if repository.store.isFull, page <= snapshot.pages { return nil }
            }
            try snapshot.check()
            return file(name, path, bytes: snapshot.bytes, hash, chunks)
        }

        private mutating func takePlain(_ name: String, _ path: String) throws {
            guard let bytes = try PlainFile.read(path, limit: StoreContents.settingsBytes) else {
                throw BackupError.refused("there is no \(path)")
            }
            var (hash, chunks) = (SHA256(), [UInt8]())
            for start in stride(from: 0, to: bytes.count, by: buffer.count) {
                let end = min(start + buffer.count, bytes.count)
                buffer.replaceSubrange(0..<end - start, with: bytes[start..<end])
                try add(end - start, &hash, &chunks)
            }
            files[name] = file(name, path, bytes: Int64(bytes.count), hash, chunks)
        }

        /// The first bytes of the buffer, as the next chunk of a file.
        private mutating func add(_ count: Int, _ hash: inout SHA256, _ chunks: inout [UInt8]) throws {
            try buffer.withUnsafeBytes { bytes in
                let content = UnsafeRawBufferPointer(rebasing: bytes[..<count])
                hash.update(bufferPointer: content)
                chunks += try repository.add(content).name.bytes
            }
            done += Int64(count)
        }

        private func file(_ name: String, _ path: String, bytes: Int64, _ hash: SHA256, _ chunks: [UInt8])
            -> Manifest.File
        {
            var status = stat()
            let mode = stat(path, &status) == 0 ? UInt16(status.st_mode & 0o777) : 0o660
            return Manifest.File(
                path: name, bytes: bytes, sha256: hash.finalize().hex, chunks: Data(chunks), mode: mode)
        }
    }
}

extension SHA256.Digest {
    /// 64 lower-case digits.
    var hex: String { Hex.text(self) }
}
