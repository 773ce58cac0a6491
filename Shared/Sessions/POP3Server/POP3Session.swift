// SPDX-License-Identifier: Apache-2.0
import Accounts
import Logging
import MailStore
import POP3Grammar
import SASLMechanisms
import ServiceKit

/// One client's session (RFC 1939), owned by one task. Commands may be pipelined (RFC 2449 section 6.6): they are
/// answered one after the other.
package final class POP3Session {
    let transport: any ByteTransport
    let backend: any POP3Backend
    let limits: POP3Limits
    let logger: Logger
    var lines = LineReader()
    var out: [UInt8] = []
    /// After login.
    var maildrop: Maildrop?
    /// Keeps a zero-access account open until the session ends.
    var hold: KeyHold?
    /// Between USER and PASS.
    var user: [UInt8]?
    private var wrong = 0
    var refusedLogins = 0
    var isOver = false

    package init(
        transport: any ByteTransport, backend: any POP3Backend, limits: POP3Limits = POP3Limits(), logger: Logger
    ) {
        self.transport = transport
        self.backend = backend
        self.limits = limits
        self.logger = logger
    }

    /// To the end of the session. Throws what broke the connection. Nothing is deleted without QUIT.
    package func run() async throws {
        defer { hold?.release() }
        do {
            ok("Mailkeep")
            while !isOver {
                try await flush()
                guard let event = try await nextLine() else { return }
                try await handle(event)
            }
        } catch ConnectionError.timedOut {
            fail("nothing was heard for too long", code: "SYS/TEMP")
        } catch ConnectionError.draining {
            fail("the server is going down; connect again", code: "SYS/TEMP")
        }
        try await flush()
    }

    /// `nil` when the client is gone.
    func nextLine() async throws -> LineReader.Event? {
        while true {
            if let event = lines.next() { return event }
            guard var bytes = try await transport.read(seconds: maildrop == nil ? limits.loginIdle : limits.idle) else {
                return nil
            }
            lines.append(bytes)
            wipe(&bytes)
        }
    }

    func ok(_ text: String) { out += Array("+OK \(text)\r\n".utf8) }

    /// - Parameter code: of RFC 2449 section 8 and RFC 3206.
    func fail(_ text: String, code: String? = nil) {
        out += Array("-ERR \(code.map { "[\($0)] " } ?? "")\(text)\r\n".utf8)
    }

    func flush() async throws {
        guard !out.isEmpty else { return }
        let bytes = out
        out = []
        try await transport.write(bytes)
    }

    private func handle(_ event: LineReader.Event) async throws {
        do {
            guard case .line(let line) = event else { return misunderstood("the line is too long") }
            let command = try Command(parsing: line[...])
            wrong = 0
            try await perform(command)
        } catch let error as CommandError {
            misunderstood(error == .unknown ? "the command is not known" : "the arguments are wrong")
        } catch let error as StoreError {
            if error.isTemporary { logger.error("the store failed", metadata: ["error": "\(error)"]) }
            fail("the mailbox cannot be read just now", code: error.isTemporary ? "SYS/TEMP" : "SYS/PERM")
            // It became a zero-access account, or got another key: a new login opens it.
            if error == .keyUnavailable, maildrop != nil { isOver = true }
        }
    }

    private func misunderstood(_ text: String) {
        fail(text)
        wrong += 1
        if wrong >= limits.wrongCommands { isOver = true }
    }

    private func perform(_ command: Command) async throws {
        switch command {
        case .capa: capabilities()
        case .quit: try await quit()
        case .user, .pass, .auth, .stls:
            guard maildrop == nil else { return fail("you are logged in") }
            switch command {
            case .user(let name): takeUser(name)
            case .pass(let password): try await takePassword(password)
            case .auth(let mechanism, let initial): try await authenticate(mechanism, initial)
            default: try await startTLS()
            }
        default:
            guard maildrop != nil else { return fail("log in first") }
            try await transact(command)
        }
    }

    /// RFC 2449 section 5. Logging in is told only where it can be done.
    private func capabilities() {
        ok("what this server can")
        var all = ["TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "EXPIRE NEVER"]
        if maildrop == nil {
            if transport.isTLS { all += ["USER", "SASL PLAIN"] } else if transport.canStartTLS { all.append("STLS") }
        }
        out += Array((all.joined(separator: "\r\n") + "\r\n.\r\n").utf8)
    }
}
