// SPDX-License-Identifier: Apache-2.0
import IMAPGrammar
import MailStore
import ServiceKit

/// Which literals a client may send (RFC 9051 section 4.3).
extension IMAPSession {
    /// Size, login, quota and memory are checked before any `+`.
    func decide(_ size: Int, _ isSynchronizing: Bool, _ soFar: CommandBytes) async throws {
        let (tag, name) = TaggedCommand.peek(soFar)
        if store == nil, !transport.isTLS || !["LOGIN", "ID"].contains(name) {
            refuseLiteral()
            return bad(tag, transport.isTLS ? "log in first" : "no literals before TLS")
        }
        let limit = store == nil ? limits.literalBeforeLogin : name == "APPEND" ? limits.message : limits.literal
        // All literals of a command together, so that many small ones are no way around.
        let held = soFar.literals.reduce(0) { $0 + $1.count }
        guard size <= limit - held else {
            refuseLiteral()
            if store == nil {
                bad(tag, "the literal is too large")
            } else {
                out.line("\(tag ?? "*") NO [TOOBIG] the literal is larger than \(limit) bytes")
            }
            return
        }
        if let refusal = await refusal(ofMessage: size, soFar) {
            refuseLiteral()
            return out.line("\(tag ?? "*") \(refusal.text)")
        }
        guard try await hasMemory(for: held + size) else {
            refuseLiteral()
            return out.line("\(tag ?? "*") NO [UNAVAILABLE] too many messages are being received; try again")
        }
        framing.acceptLiteral()
        if isSynchronizing { out.line("+ go on") }
    }

    private func refuseLiteral() {
        framing.refuseLiteral()
        lease = nil
    }

    /// Whether the process has room for all literals of the command. Waits for it while others have it: a client that
    /// copies a folder with several connections is slower then, and not refused.
    private func hasMemory(for octets: Int) async throws -> Bool {
        guard octets > limits.freeLiterals else { return true }
        // Nothing is held back while it waits.
        try await flush()
        let lease = lease ?? memory.lease()
        self.lease = lease
        return await lease.grow(to: octets, within: .seconds(limits.literalWait))
    }

    /// Why a literal that is the message of an APPEND is not worth being sent; the store has the last word about it.
    private func refusal(ofMessage size: Int, _ soFar: CommandBytes) async -> Refusal? {
        let (tag, name) = TaggedCommand.peek(soFar)
        // A literal right behind "tag APPEND " is the name of the mailbox.
        guard let store, name == "APPEND", soFar.text.count > (tag?.utf8.count ?? 0) + name.utf8.count + 2 else {
            return nil
        }
        do throws(StoreError) { return try await store.hasRoom(for: size) ? nil : Refusal(.overQuota) } catch {
            return Refusal(error)
        }
    }
}
