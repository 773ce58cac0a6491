// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Why a sealed file could not be made or opened; beside these, GRDB's `DatabaseError` (a wrong key is SQLITE_NOTADB).
package enum SealedError: Error, Equatable, CustomStringConvertible {
    case noSuchFile(String)
    case fileExists(String)
    /// SQLite's locks do not hold on network file systems.
    case networkFileSystem(String)
    /// The file is of a later release, which says that this one must not touch it.
    case tooNew(file: String, oldestReader: Int, ours: Int)
    /// An operation of the system failed.
    case system(String, errno: Int32)
    /// SQLite was in use before the VFS could be registered, or the same file is open with another key.
    case misuse(String)

    /// What the system said; EINVAL where it was not asked.
    package var errno: Int32 { if case .system(_, let errno) = self { errno } else { EINVAL } }

    package var description: String {
        switch self {
        case .noSuchFile(let path): "there is no file \(path)"
        case .fileExists(let path): "\(path) is there already"
        case .networkFileSystem(let path):
            "\(path) is on a network file system, where SQLite's locks do not hold; keep the store on a local disk"
        case .tooNew(let file, let oldest, let ours):
            "\(file) was changed by a later release (it wants schema \(oldest) or later, this program knows \(ours)); "
                + "upgrade this program"
        case .system(let what, let errno): "\(what): \(message(errno))"
        case .misuse(let what): what
        }
    }
}
