// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Why a key could not be had. Every description says what to do.
package enum KeyError: Error, Equatable, CustomStringConvertible {
    /// The program was not given this purpose key.
    case notLoaded(KeyPurpose)
    case noSuchFile(String)
    /// Not 64 hex digits and a line end.
    case malformed(String)
    /// Others than its owner may read or write the file.
    case tooOpen(String, mode: UInt32)
    /// There is another key in the file's place; it is never overwritten.
    case different(String)
    /// Slots are wrapped by another purpose key now, which the folder of keys does not have.
    case rotated(KeyPurpose)
    case system(String, errno: Int32)

    package var description: String {
        switch self {
        case .notLoaded(let purpose):
            "the \(purpose.rawValue) key is needed: put \(purpose.fileName) into the folder that MAILKEEP_KEYS (or --keys) names"
        case .noSuchFile(let path): "there is no key file \(path)"
        case .malformed(let path): "\(path) is not a key: it must be 64 hex digits and a line end"
        case .tooOpen(let path, let mode):
            "\(path) has mode 0\(String(mode, radix: 8)), others may reach it; do: chmod 0400 \(path)"
        case .different(let path):
            "\(path) is there already with another key; it is not overwritten, because what it opens would be lost"
        case .rotated(let purpose):
            "the master key was rotated, and the folder of keys still has the \(purpose.rawValue) key of before: name the folder to "
                + "`mailkeep keys rotate --folder`, or derive its keys from the new master key"
        case .system(let what, let errno): "\(what): \(String(cString: strerror(errno)))"
        }
    }
}
