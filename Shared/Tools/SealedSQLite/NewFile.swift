// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A file that appears whole, on disk and under its name, or not at all.
enum NewFile {
    /// `fill` gets the path of an empty file in the same folder, mode 0660, and leaves it closed and complete.
    static func make(_ path: String, fill: (_ temporary: String) throws -> Void) throws {
        try SealedDatabase.register()
        let parent = (path as NSString).deletingLastPathComponent
        let folder = parent.isEmpty ? "." : parent
        try refuseNetworkFileSystem(folder)
        guard access(path, F_OK) != 0 else { throw SealedError.fileExists(path) }
        let temporary = path + ".\(UInt64.random(in: 0 ... .max)).new"
        let descriptor = open(temporary, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o660)
        guard descriptor >= 0 else { throw SealedError.system("create \(temporary)", errno: errno) }
        defer { for suffix in ["", "-wal", "-shm", "-journal"] { unlink(temporary + suffix) } }
        let modeSet = fchmod(descriptor, 0o660)  // whatever the umask
        close(descriptor)
        guard modeSet == 0 else { throw SealedError.system("chmod \(temporary)", errno: errno) }
        try fill(temporary)
        try DiskSync.file(temporary)
        // Fails when another was faster, which rename(2) would not.
        guard link(temporary, path) == 0 else {
            throw errno == EEXIST ? SealedError.fileExists(path) : SealedError.system("link \(path)", errno: errno)
        }
        // The other name goes before anyone is told, so that no crash later leaves a second name of a live file.
        unlink(temporary)
        try DiskSync.folder(folder)
    }
}
