// SPDX-License-Identifier: Apache-2.0

import SASLMechanisms
import Testing

@Suite struct SASLExchangeTests {
    private func encoded(_ text: String) -> ArraySlice<UInt8> {
        Base64.encode(Array(text.utf8))[...]
    }

    private func credentials(_ step: SASLExchange.Step) -> SASLCredentials? {
        if case .credentials(let credentials) = step { return credentials }
        return nil
    }

    private func failure(_ step: SASLExchange.Step) -> SASLFailure? {
        if case .failed(let failure) = step { return failure }
        return nil
    }

    private func challenge(_ step: SASLExchange.Step) -> String? {
        if case .challenge(let text) = step { return text }
        return nil
    }

    @Test func plainWithInitialResponse() throws {
        var exchange = SASLExchange(.plain)
        let found = try #require(credentials(exchange.start(initialResponse: encoded("\0anna@example.org\0s3 crét"))))
        #expect(found.login == "anna@example.org")
        #expect(found.password.text == "s3 crét")
        #expect(!found.asksForAnotherIdentity)
    }

    @Test func plainAfterEmptyChallenge() throws {
        var exchange = SASLExchange(.plain)
        #expect(challenge(exchange.start(initialResponse: nil)) == "")
        let found = try #require(credentials(exchange.receive(encoded("boss\0anna\0pw"))))
        #expect(found.authorizationIdentity == "boss")
        #expect(found.asksForAnotherIdentity)
    }

    @Test func loginAsksTwice() throws {
        var exchange = SASLExchange(.login)
        #expect(challenge(exchange.start(initialResponse: nil)) == "VXNlcm5hbWU6")
        #expect(challenge(exchange.receive(encoded("anna"))) == "UGFzc3dvcmQ6")
        let found = try #require(credentials(exchange.receive(encoded("pw"))))
        #expect(found.login == "anna")
        #expect(found.password.text == "pw")
    }

    @Test func loginWithInitialResponse() throws {
        var exchange = SASLExchange(.login)
        #expect(challenge(exchange.start(initialResponse: encoded("anna"))) == "UGFzc3dvcmQ6")
        #expect(credentials(exchange.receive(encoded("pw")))?.login == "anna")
    }

    @Test(arguments: [
        "", "anna", "\0anna", "anna\0pw", "\0\0pw", "\0anna\0", "\0anna\0pw\0", "\0anna\0pw\0more", "\0an\nna\0pw",
        "an\u{7}na\0anna\0pw",
    ])
    func malformedPlain(_ response: String) {
        var exchange = SASLExchange(.plain)
        #expect(failure(exchange.start(initialResponse: encoded(response))) == .malformed)
        #expect(failure(exchange.receive(encoded("\0anna\0pw"))) == .malformed)
    }

    @Test func notUTF8() {
        var exchange = SASLExchange(.plain)
        #expect(failure(exchange.receive(Base64.encode([0, 0xFF, 0, 0x61])[...])) == .malformed)
        exchange = SASLExchange(.plain)
        #expect(failure(exchange.receive(Base64.encode([0, 0x61, 0, 0xC3])[...])) == .malformed)
    }

    @Test func emptyInitialResponse() {
        for mechanism in SASLMechanism.allCases {
            var exchange = SASLExchange(mechanism)
            #expect(failure(exchange.start(initialResponse: Array("=".utf8)[...])) == .malformed)
        }
    }

    @Test func cancelled() {
        for mechanism in SASLMechanism.allCases {
            var exchange = SASLExchange(mechanism)
            _ = exchange.start(initialResponse: nil)
            #expect(failure(exchange.receive(Array("*".utf8)[...])) == .cancelled)
        }
    }

    @Test func limits() {
        func outcome(login: Int, password: Int) -> SASLExchange.Step {
            var exchange = SASLExchange(.plain)
            let name = String(repeating: "n", count: login)
            return exchange.receive(encoded("\(name)\0\(name)\0" + String(repeating: "p", count: password)))
        }
        #expect(credentials(outcome(login: SASLLimits.login, password: SASLLimits.password)) != nil)
        #expect(failure(outcome(login: SASLLimits.login + 1, password: 1)) == .tooLong)
        #expect(failure(outcome(login: 1, password: SASLLimits.password + 1)) == .tooLong)
        var exchange = SASLExchange(.plain)
        #expect(failure(exchange.receive([UInt8](repeating: 0x41, count: SASLLimits.response + 4)[...])) == .tooLong)
    }

    @Test func mechanismNames() {
        #expect(SASLMechanism(name: Array("pLaIn".utf8)) == .plain)
        #expect(SASLMechanism(name: Array("LOGIN".utf8)) == .login)
        #expect(SASLMechanism(name: Array("CRAM-MD5".utf8)) == nil)
        #expect(SASLMechanism(name: [UInt8]()) == nil)
    }
}
