// SPDX-License-Identifier: Apache-2.0
import Foundation
import MailStore
import Synchronization

/// A line on a terminal's standard error that says how far something is; nothing where that is no terminal.
final class Progress: Sendable {
    private let what: String
    private let isShown = isatty(STDERR_FILENO) == 1
    private let shown = Mutex<Int?>(nil)

    init(_ what: String) { self.what = what }

    func tell(_ done: Int, of count: Int) {
        guard isShown, count > 0 else { return }
        let percent = min(100, done * 100 / count)
        let isNew = shown.withLock { shown in
            defer { shown = percent }
            return shown != percent
        }
        if isNew { write("\r\(what): \(percent) %") }
    }

    /// Of a file that gets a new key.
    func tell(_ step: RekeyStep) {
        if case .copying(let done, let total) = step { tell(Int(done), of: Int(total)) }
    }

    /// Takes the line away.
    func end() {
        if shown.withLock({ $0 }) != nil { write("\r\u{1B}[K") }
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
