// SPDX-License-Identifier: Apache-2.0
import Accounts
import IMAPGrammar
import MailStore
import ServiceKit

extension IMAPSession {
    /// IDLE (RFC 2177): woken by announcements, and by itself each minute.
    func idle(_ tag: String, _ store: AccountStore) async throws {
        guard let account else { return }
        out.line("+ idling")
        try await tellChanges(expunges: true)
        try await flush()
        let clock = ContinuousClock()
        let end = clock.now + .seconds(limits.idle)
        while clock.now < end {
            if let event = framing.next(rawLine: true) {
                guard case .line(let line) = event, String(decoding: line, as: UTF8.self).uppercased() == "DONE" else {
                    throw Refusal(bad: "DONE was expected")
                }
                try await tellChanges(expunges: true)
                return ok(tag, "done")
            }
            switch try await bytesOrChange(of: account) {
            case .gone?: return self.end("* BYE")
            case .bytes(let bytes)?: framing.append(bytes)
            case nil:
                try await tellChanges(expunges: true)
                try await flush()
                if isOver { return }
            }
        }
        throw ConnectionError.timedOut
    }

    private enum Heard: Sendable {
        case bytes([UInt8])
        case gone
    }

    /// Whatever comes first; `nil` for a change or a minute. Cancelled reads lose no bytes.
    private func bytesOrChange(of account: AccountID) async throws -> Heard? {
        let transport = transport
        let backend = backend
        let limits = limits
        return try await withThrowingTaskGroup(of: Heard?.self) { group in
            group.addTask {
                do {
                    return try await transport.read(seconds: limits.idle).map(Heard.bytes) ?? .gone
                } catch is CancellationError {
                    return nil
                }
            }
            group.addTask {
                await backend.waitForChange(of: account, seconds: limits.idleLook)
                return nil
            }
            let first = try await group.next() ?? nil
            group.cancelAll()
            // The read may have got bytes before it was cancelled.
            while let other = try await group.next() { if first == nil, let heard = other { return heard } }
            return first
        }
    }
}
