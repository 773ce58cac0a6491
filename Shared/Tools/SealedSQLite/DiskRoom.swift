// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Room that is kept free on the disk of the store: what only adds stops there, so that opening files, flags and deleting,
/// which write too, go on when mail has filled the disk.
package enum DiskRoom {
    /// Bytes that stay free; of a disk below 1.25 GiB a twentieth.
    package static let reserve = 64 << 20
    /// What a message costs at most, by its bytes: itself, its text for searches, and both in the log once more.
    private static let growth = 4

    /// Whether `bytes` more of mail may be added on the disk that holds `path`. True where the system does not tell.
    package static func allows(_ bytes: Int, at path: String) -> Bool { hasRoom(for: bytes * growth, at: path) }

    /// Whether a file of that size may be added there.
    package static func allows(file bytes: Int, at path: String) -> Bool { hasRoom(for: bytes, at: path) }

    private static func hasRoom(for bytes: Int, at path: String) -> Bool {
        var disk = statvfs()
        guard statvfs(path, &disk) == 0 else { return true }
        let (size, free) = (
            UInt64(disk.f_frsize) * UInt64(disk.f_blocks), UInt64(disk.f_frsize) * UInt64(disk.f_bavail)
        )
        return free >= UInt64(bytes) + min(UInt64(reserve), size / 20)
    }
}
