// SPDX-License-Identifier: Apache-2.0
import Foundation
import SealedSQLite

/// Small steps on files and folders that are on disk when they return.
enum PlainFile {
    /// Whole under another name, synced, then renamed over what is there.
    /// - Parameter like: a file whose owner and group it gets.
    static func write(
        _ bytes: [UInt8], to path: String, mode: mode_t, temporary: String? = nil, like: String? = nil
    ) throws(BackupError) {
        let new = temporary ?? path + ".\(UInt64.random(in: 0 ... .max)).new"
        let file = try NewFile(new, mode: mode)
        do throws(BackupError) {
            try file.write(bytes.span.bytes)
            if let like { try file.give(as: like) }
            try file.sync()
            guard rename(new, path) == 0 else { throw .system("rename \(new)", errno: errno) }
        } catch {
            unlink(new)
            throw error
        }
    }

    /// At most `limit` bytes. `nil`: there is none.
    static func read(_ path: String, limit: Int) throws(BackupError) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw .system("read \(path)", errno: errno)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system("read \(path)", errno: errno) }
        guard Int(status.st_size) <= limit else { throw .tooLarge(path) }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes {
                Foundation.read(descriptor, $0.baseAddress! + count, $0.count - count)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw .system("read \(path)", errno: errno) }
            if got == 0 { break }
            count += got
        }
        return Array(bytes.prefix(count))
    }

    static func makeFolder(_ path: String, mode: mode_t = 0o770) throws(BackupError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: Int(mode)])
        } catch { throw .refused("making \(path): \(error.localizedDescription)") }
    }

    /// The names in a folder are on disk.
    static func syncFolder(_ path: String) throws(BackupError) {
        do { try DiskSync.folder(path) } catch { throw .system("sync \(path)", errno: error.errno) }
    }

    /// Names in a folder, sorted; none when there is no folder.
    static func names(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }

    static func size(_ path: String) -> Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }
}

/// A file that is being written; closed with the object.
final class NewFile {
    private let path: String
    private let descriptor: Int32

    /// Fails when there is one already.
    init(_ path: String, mode: mode_t) throws(BackupError) {
        self.path = path
        descriptor = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("create \(path)", errno: errno) }
        guard fchmod(descriptor, mode) == 0 else { throw .system("chmod \(path)", errno: errno) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func write(_ bytes: RawSpan) throws(BackupError) {
        var written = 0
        while written < bytes.byteCount {
            let got = bytes.extracting(droppingFirst: written).withUnsafeBytes {
                Foundation.write(descriptor, $0.baseAddress, $0.count)
            }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { throw .system("write \(path)", errno: errno) }
            written += got
        }
    }

    /// To the owner and group of another file.
    func give(as other: String) throws(BackupError) {
        var (ours, theirs) = (stat(), stat())
        guard fstat(descriptor, &ours) == 0, stat(other, &theirs) == 0,
            ours.st_uid == theirs.st_uid && ours.st_gid == theirs.st_gid
                || fchown(descriptor, theirs.st_uid, theirs.st_gid) == 0
        else { throw .system("chown \(path)", errno: errno) }
    }

    func sync() throws(BackupError) {
        guard fsync(descriptor) == 0 else { throw .system("sync \(path)", errno: errno) }
    }
}
