// SPDX-License-Identifier: Apache-2.0
import Foundation
import MailStore
import Synchronization

/// A line on a terminal's standard error that says how far something is, written over when it says something new, and at most
/// five times a second; nothing where that is no terminal.
final class Progress: Sendable {
    private struct Shown {
        var text = ""
        var at = ContinuousClock.now - .seconds(1)
    }

    private static let pause = Duration.milliseconds(200)

    private let what: String
    private let isShown = isatty(STDERR_FILENO) == 1
    private let shown = Mutex(Shown())

    /// - Parameter what: what the line begins with, unless it tells of stages.
    init(_ what: String) { self.what = what }

    func tell(_ done: Int, of count: Int) {
        guard count > 0 else { return }
        show("\(what): \(Self.percent(Int64(done), of: Int64(count)))")
    }

    /// Of a file that gets a new key.
    func tell(_ step: RekeyStep) {
        if case .copying(let done, let total) = step { tell(Int(done), of: Int(total)) }
    }

    /// Of a job in stages, whose bytes may not be known before its end.
    func tell(_ stage: String, _ done: Int64, of total: Int64?) {
        var text = stage
        if let total, total > 0 {
            text += "  \(bytesText(done)) of \(bytesText(total))  \(Self.percent(done, of: total))"
        } else if done > 0 {
            text += "  \(bytesText(done))"
        }
        show(text)
    }

    /// Takes the line away.
    func end() {
        if shown.withLock({ !$0.text.isEmpty }) { write("\r\u{1B}[K") }
    }

    private static func percent(_ done: Int64, of total: Int64) -> String { "\(min(100, done * 100 / total)) %" }

    private func show(_ text: String) {
        guard isShown else { return }
        let isDue = shown.withLock { shown in
            let now = ContinuousClock.now
            guard text != shown.text, now - shown.at >= Self.pause else { return false }
            shown = Shown(text: text, at: now)
            return true
        }
        if isDue { write("\r\u{1B}[K\(text)") }
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
