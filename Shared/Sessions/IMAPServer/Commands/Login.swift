// SPDX-License-Identifier: Apache-2.0
import IMAPGrammar
import SASLMechanisms

extension IMAPSession {
    /// RFC 9051 section 6.2.1: what was pipelined behind it is forgotten.
    func startTLS(_ tag: String) async throws {
        guard transport.canStartTLS, store == nil else { throw Refusal(bad: "TLS cannot be started here") }
        framing.discard()
        try await transport.startTLS(reply: Array("\(tag) OK begin TLS\r\n".utf8))
    }

    func login(_ tag: String, _ user: [UInt8], _ password: [UInt8]) async throws {
        try mayLogIn()
        guard let user = String(validating: user, as: UTF8.self) else {
            throw Refusal(no: "wrong login", code: "AUTHENTICATIONFAILED")
        }
        try await check(tag, SASLCredentials(login: user, password: Secret(password)))
    }

    /// PLAIN alone (RFC 4616), with SASL-IR.
    func authenticate(_ tag: String, _ mechanism: String, _ initial: [UInt8]?) async throws {
        try mayLogIn()
        guard mechanism == "PLAIN" else { throw Refusal(no: "the mechanism is not known", code: "CANNOT") }
        var exchange = SASLExchange(.plain)
        var step = exchange.start(initialResponse: initial.map { $0[...] })
        while true {
            switch step {
            case .challenge(let challenge):
                out.raw("+ ")
                out.raw(challenge)
                out.raw("\r\n")
                try await flush()
                guard case .line(let line)? = try await nextEvent(rawLine: true) else {
                    throw Refusal(bad: "a response was expected")
                }
                step = exchange.receive(line[...])
            case .credentials(let credentials): return try await check(tag, credentials)
            case .failed(.cancelled): throw Refusal(bad: "cancelled")
            case .failed: throw Refusal(bad: "the response makes no sense")
            }
        }
    }

    private func mayLogIn() throws {
        guard store == nil else { throw Refusal(bad: "you are logged in") }
        guard transport.isTLS else { throw Refusal(no: "no passwords outside TLS", code: "PRIVACYREQUIRED") }
    }

    private func check(_ tag: String, _ credentials: SASLCredentials) async throws {
        switch await backend.login(credentials) {
        case .account(let id, let hold):
            store = try await backend.store(for: id)
            (account, self.hold) = (id, hold)
            ok(tag, "[CAPABILITY \(capabilities)] logged in")
        case .wrong: throw Refusal(no: "wrong address or password", code: "AUTHENTICATIONFAILED")
        case .tryLater: throw Refusal(no: "logins cannot be checked just now", code: "UNAVAILABLE")
        }
    }
}
