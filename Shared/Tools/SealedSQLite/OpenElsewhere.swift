// SPDX-License-Identifier: Apache-2.0
import Foundation

extension SealedDatabase {
    /// Whether a process other than this has the file open: each has a shared lock on it all the time. For a program that has it
    /// not open itself, since closing it here would end its own locks.
    package static func isOpenElsewhere(_ path: String) -> Bool {
        let descriptor = Foundation.open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { Foundation.close(descriptor) }
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        // https://www.sqlite.org/fileformat.html: the bytes that SQLite locks, at 1 GiB.
        lock.l_start = 0x4000_0000
        lock.l_len = 512
        return fcntl(descriptor, F_GETLK, &lock) == 0 && lock.l_type != Int16(F_UNLCK)
    }
}
