// SPDX-License-Identifier: Apache-2.0
import Accounts
import POP3Grammar
import SASLMechanisms

/// The AUTHORIZATION state (RFC 1939 section 4).
extension POP3Session {
    /// RFC 2595 section 4: what was pipelined behind it is forgotten.
    func startTLS() async throws {
        guard transport.canStartTLS else { return fail("TLS cannot be started here") }
        try await flush()
        lines.discard()
        user = nil
        try await transport.startTLS(reply: Array("+OK begin TLS\r\n".utf8))
    }

    func takeUser(_ name: [UInt8]) {
        guard mayLogIn() else { return }
        user = name
        // The same for everyone: it does not tell who is here.
        ok("and the password")
    }

    func takePassword(_ password: [UInt8]) async throws {
        guard mayLogIn() else { return }
        guard let name = user else { return fail("USER comes first") }
        user = nil
        guard let login = String(validating: name, as: UTF8.self) else { return refuse() }
        try await check(SASLCredentials(login: login, password: Secret(password)))
    }

    /// RFC 5034, PLAIN alone (RFC 4616).
    func authenticate(_ mechanism: String?, _ initial: [UInt8]?) async throws {
        guard let mechanism else {
            ok("mechanisms follow")
            out += Array((transport.isTLS ? "PLAIN\r\n.\r\n" : ".\r\n").utf8)
            return
        }
        guard mayLogIn() else { return }
        guard mechanism == "PLAIN" else { return fail("the mechanism is not known") }
        var exchange = SASLExchange(.plain)
        var step = exchange.start(initialResponse: initial.map { $0[...] })
        while true {
            switch step {
            case .challenge(let challenge):
                out += Array("+ \(challenge)\r\n".utf8)
                try await flush()
                switch try await nextLine() {
                case .line(let line): step = exchange.receive(line[...])
                case .tooLong: return fail("the response is too long")
                case nil:
                    isOver = true
                    return
                }
            case .credentials(let credentials): return try await check(credentials)
            case .failed(.cancelled): return fail("cancelled")
            case .failed: return fail("the response makes no sense")
            }
        }
    }

    private func mayLogIn() -> Bool {
        guard transport.isTLS else {
            fail("no passwords outside TLS")
            return false
        }
        return true
    }

    private func check(_ credentials: SASLCredentials) async throws {
        switch await backend.login(credentials) {
        case .account(let id, let hold):
            self.hold = hold
            let maildrop = try await Maildrop(account: id, store: backend.store(for: id))
            self.maildrop = maildrop
            ok("\(maildrop.count) messages")
        case .wrong: refuse()
        case .tryLater: fail("logins cannot be checked just now", code: "SYS/TEMP")
        }
    }

    private func refuse() {
        fail("wrong address or password", code: "AUTH")
        refusedLogins += 1
        if refusedLogins >= limits.refusedLogins { isOver = true }
    }
}
