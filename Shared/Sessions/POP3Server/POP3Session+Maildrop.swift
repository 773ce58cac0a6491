// SPDX-License-Identifier: Apache-2.0
import MailStore
import POP3Grammar

/// The TRANSACTION and UPDATE states (RFC 1939 sections 5 and 6).
extension POP3Session {
    func transact(_ command: Command) async throws {
        guard let maildrop else { return }
        switch command {
        case .stat: ok("\(maildrop.count) \(maildrop.size)")
        case .noop: ok("")
        case .rset:
            self.maildrop?.unmark()
            ok("nothing is marked")
        case .list(let number): try await list(number) { "\($0.size)" }
        case .uidl(let number): try await list(number) { $0.uniqueID }
        case .dele(let number):
            guard maildrop[number] != nil else { return noSuchMessage() }
            self.maildrop?.mark(number)
            ok("marked")
        case .retr(let number):
            guard let message = maildrop[number] else { return noSuchMessage() }
            try await send(message, maildrop.store, bodyLines: nil)
        case .top(let number, let lines):
            guard let message = maildrop[number] else { return noSuchMessage() }
            try await send(message, maildrop.store, bodyLines: lines)
        default: break
        }
    }

    func quit() async throws {
        isOver = true
        guard let maildrop else { return ok("bye") }
        let removed: Int
        do {
            removed = try await maildrop.remove()
        } catch {
            logger.error("the store failed", metadata: ["error": "\(error)"])
            return fail("the marked messages were not removed", code: "SYS/TEMP")
        }
        if removed > 0 { backend.announce(maildrop.account) }
        ok("bye")
    }

    private func noSuchMessage() { fail("no such message") }

    private func list(_ number: Int?, _ value: (MaildropItem) -> String) async throws {
        guard let maildrop else { return }
        if let number {
            guard let message = maildrop[number] else { return noSuchMessage() }
            return ok("\(number) \(value(message))")
        }
        ok("\(maildrop.count) messages")
        for (number, message) in maildrop.present {
            out += Array("\(number) \(value(message))\r\n".utf8)
            if out.count >= limits.gathered { try await flush() }
        }
        out += Array(".\r\n".utf8)
    }

    /// Piece by piece as the store gives it. A message that cannot be read any more after its first piece breaks the
    /// connection: its end must not look like the end of the message.
    private func send(_ message: MaildropItem, _ store: AccountStore, bodyLines: Int?) async throws {
        let end = bodyLines == nil ? message.size : message.headerSize
        var offset = 0
        var text = MultiLine()
        var linesLeft = bodyLines ?? 0
        var isStarted = false
        func begin() { ok(bodyLines == nil ? "\(message.size) octets" : "top of message follows") }
        while offset < message.size, offset < end || linesLeft > 0 {
            let piece: [UInt8]
            do {
                piece = try await store.read(message.body, offset..<(offset < end ? end : message.size))
            } catch {
                guard isStarted else {
                    if case .noSuchBody = error { return fail("the message is gone") }
                    throw error
                }
                throw Broken(error: error)
            }
            guard !piece.isEmpty else { throw Broken(error: .damaged) }
            if !isStarted {
                begin()
                isStarted = true
            }
            var part = piece[...]
            if offset >= end { part = part.prefix(lines: &linesLeft) }
            text.add(part, to: &out)
            offset += piece.count
            try await flush()
        }
        if !isStarted { begin() }
        text.end(&out)
    }

    private struct Broken: Error { let error: StoreError }
}

extension ArraySlice<UInt8> {
    /// At most that many lines from the start; the count goes down by those that end here.
    fileprivate func prefix(lines: inout Int) -> ArraySlice<UInt8> {
        for index in indices where self[index] == 0x0A {
            lines -= 1
            if lines == 0 { return self[...index] }
        }
        return self
    }
}
