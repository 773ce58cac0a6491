// SPDX-License-Identifier: Apache-2.0
import Foundation
import SealedSQLite

/// A repository in a folder of this machine. Its group may read it, as the operator's command does: all of it is sealed.
final class FolderStore: ObjectStore {
    /// Files in `tmp` that are older belong to nobody any more.
    private static let leavingsSeconds = 3600

    let place: String
    private var held: LockFile?
    /// Folders with names that are not known to be on disk.
    private var unsynced: Set<String> = []

    init(path: String) { place = path }

    private func path(_ name: String) -> String { place + "/" + name }

    func list(_ folder: String) throws -> [StoredObject] {
        var found: [StoredObject] = []
        for name in PlainFile.names(in: path(folder)) {
            let name = folder.isEmpty ? name : folder + "/" + name
            var status = stat()
            guard stat(path(name), &status) == 0 else { continue }
            if status.st_mode & S_IFMT == S_IFDIR {
                found += try list(name)
            } else {
                found.append(StoredObject(name: name, size: Int64(status.st_size)))
            }
        }
        return found
    }

    func read(_ name: String, limit: Int) throws -> [UInt8]? { try PlainFile.read(path(name), limit: limit) }

    func fetch(_ names: [String]) {}

    func write(_ name: String, _ bytes: [UInt8]) throws {
        let folder = (name as NSString).deletingLastPathComponent
        for needed in ["tmp", folder] where access(path(needed), F_OK) != 0 {
            try PlainFile.makeFolder(path(needed), mode: 0o750)
            var parent = needed
            repeat {
                parent = (parent as NSString).deletingLastPathComponent
                unsynced.insert(parent)
            } while !parent.isEmpty
        }
        let temporary = path("tmp/\(UInt64.random(in: 0 ... .max))")
        try PlainFile.write(bytes, to: path(name), mode: 0o640, temporary: temporary)
        unsynced.insert(folder)
    }

    var isFull: Bool { false }

    func flush() throws {
        for folder in unsynced { try PlainFile.syncFolder(path(folder)) }
        unsynced = []
    }

    func delete(_ names: [String]) throws {
        for name in names {
            // Where nothing went nothing is to be synced: there may be no such folder.
            if unlink(path(name)) == 0 {
                unsynced.insert((name as NSString).deletingLastPathComponent)
            } else if errno != ENOENT {
                throw BackupError.system("delete \(path(name))", errno: errno)
            }
        }
    }

    func lock(alone: Bool) throws {
        if alone { try PlainFile.makeFolder(place, mode: 0o750) }
        let lock: LockFile?
        do { lock = try LockFile(path("lock"), alone: alone) } catch {
            throw BackupError.system("lock \(path("lock"))", errno: error.errno)
        }
        guard let lock else { throw BackupError.inUse(place) }
        held = lock
    }

    func unlock() { held = nil }

    func clean() throws {
        let old = time(nil) - Self.leavingsSeconds
        for name in PlainFile.names(in: path("tmp")) {
            var status = stat()
            if stat(path("tmp/" + name), &status) == 0, status.st_mtim.tv_sec < old { unlink(path("tmp/" + name)) }
        }
    }
}
