// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What is on disk when these return.
package enum DiskSync {
    /// The bytes of a file. Closing it here ends the locks that this process has on it: for a file that nobody has open.
    package static func file(_ path: String) throws(SealedError) { try sync(path, O_RDWR) }

    /// The names in a folder.
    package static func folder(_ path: String) throws(SealedError) { try sync(path, O_RDONLY | O_DIRECTORY) }

    private static func sync(_ path: String, _ flags: Int32) throws(SealedError) {
        let descriptor = open(path, flags | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open \(path)", errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system("sync \(path)", errno: errno) }
    }
}
