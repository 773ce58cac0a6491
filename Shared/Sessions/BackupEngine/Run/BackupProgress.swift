// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// How far a job is.
package struct BackupProgress: Sendable, Equatable {
    /// For people.
    package var stage: String
    package var doneBytes: Int64
    package var totalBytes: Int64?
}

/// Tells how a job goes, and whether it should stop. Between two pieces of work a job asks `check`.
package final class JobControl: Sendable {
    private let isCancelled = Mutex(false)
    private let tell: @Sendable (BackupProgress) -> Void

    package init(tell: @escaping @Sendable (BackupProgress) -> Void = { _ in }) { self.tell = tell }

    package func cancel() { isCancelled.withLock { $0 = true } }

    /// Throws `BackupError.cancelled`.
    func check() throws(BackupError) { if isCancelled.withLock({ $0 }) { throw .cancelled } }

    func progress(_ stage: String, _ done: Int64 = 0, of total: Int64? = nil) throws(BackupError) {
        try check()
        tell(BackupProgress(stage: stage, doneBytes: done, totalBytes: total))
    }
}
