// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A thread for one job, which blocks: the tasks of the process go on beside it.
enum JobThread {
    /// When the task is cancelled, `control` is, and the job ends at its next piece of work.
    static func run<T: Sendable>(
        _ control: JobControl, _ body: @escaping @Sendable () throws -> T
    ) async throws -> T {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { answer in
                let thread = Thread {
                    answer.resume(with: Result { try body() })
                }
                thread.name = "backup"
                thread.stackSize = 1 << 20
                thread.start()
            }
        } onCancel: {
            control.cancel()
        }
    }
}
