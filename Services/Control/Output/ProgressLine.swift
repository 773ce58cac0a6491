// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import Synchronization

/// One line on the terminal that is written over, at most five times a second.
final class ProgressLine: Sendable {
    private let last = Mutex(Date.distantPast)

    /// `nil` when standard error is no terminal.
    init?() { guard isatty(STDERR_FILENO) == 1 else { return nil } }

    func show(_ stage: String, _ done: Int64, _ total: Int64?) {
        let isDue = last.withLock { last in
            guard Date().timeIntervalSince(last) >= 0.2 else { return false }
            last = Date()
            return true
        }
        guard isDue else { return }
        var text = stage
        if let total, total > 0 {
            text += "  \(bytesText(done)) of \(bytesText(total))  \(min(100, done * 100 / total)) %"
        } else if done > 0 {
            text += "  \(bytesText(done))"
        }
        FileHandle.standardError.write(Data("\r\u{1B}[K\(text)".utf8))
    }
}

/// As `3.4GB`: powers of 1,024, as quotas are written.
func bytesText(_ bytes: Int64) -> String { ByteSize.text(Int(bytes)) + "B" }
