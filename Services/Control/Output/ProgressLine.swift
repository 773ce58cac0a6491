// SPDX-License-Identifier: Apache-2.0
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

/// As `3.4 GB`.
func bytesText(_ bytes: Int64) -> String {
    guard bytes >= 1000 else { return "\(bytes) B" }
    var (value, unit) = (Double(bytes) / 1000, 0)
    let units = ["kB", "MB", "GB", "TB"]
    while value >= 1000, unit < units.count - 1 { (value, unit) = (value / 1000, unit + 1) }
    return String(format: value < 10 ? "%.1f %@" : "%.0f %@", value, units[unit])
}
