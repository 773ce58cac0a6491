// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A file whose lock (flock(2)) programs hold while they do what only one may do at a time; it ends with the process,
/// however that ends.
package final class LockFile: Sendable {
    private let descriptor: Int32

    /// Makes the file where there is none, mode 0660. Nil: somebody holds a lock that this one does not go with.
    /// - Parameter alone: nobody else has it meanwhile; false: those who do not want it alone have it together.
    package init?(_ path: String, alone: Bool = true) throws(SealedError) {
        var descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o660)
        // Someone may read from a folder that he cannot write to.
        if descriptor < 0, !alone { descriptor = open(path, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw .system("open \(path)", errno: errno) }
        self.descriptor = descriptor
        guard flock(descriptor, (alone ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0 else { return nil }
    }

    /// Closing alone would not end it: a process that another thread starts just now has a copy of the descriptor, until it
    /// runs its program.
    deinit {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
