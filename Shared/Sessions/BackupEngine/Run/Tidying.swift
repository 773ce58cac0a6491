// SPDX-License-Identifier: Apache-2.0

extension Repository {
    /// Removes the backups that the retention no longer keeps, and what belongs to none. Returns the bytes that were freed.
    package func tidy(_ retention: Retention, _ control: JobControl = JobControl()) throws -> Int64 {
        try store.lock(alone: true)
        defer { store.unlock() }
        try store.clean()
        return try remove(beyond: retention) { done, total in
            try control.progress("reading backup \(done + 1) of \(total)")
        }
    }
}
