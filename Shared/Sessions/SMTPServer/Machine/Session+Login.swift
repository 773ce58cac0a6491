// SPDX-License-Identifier: Apache-2.0

import SASLMechanisms
import SMTPGrammar

/// AUTH (RFC 4954): under TLS, on submission, once, outside a transaction.
extension Session {
    mutating func startLogin(_ name: String, _ initialResponse: [UInt8]?) -> [Action] {
        guard role.isSubmission else { return [send(Reply.noLoginHere)] }
        guard isTLS else { return [send(Reply.loginNeedsTLS)] }
        guard greeting?.extended == true else { return [send(Reply.outOfOrder("Say EHLO first"))] }
        guard login == nil else { return [send(Reply.outOfOrder("You are logged in already"))] }
        guard transaction == nil else { return [send(Reply.outOfOrder("Not within a mail transaction"))] }
        guard let mechanism = SASLMechanism(name: name.utf8) else { return [send(Reply.unknownMechanism)] }
        var exchange = SASLExchange(mechanism)
        let step = exchange.start(initialResponse: initialResponse.map { $0[...] })
        return took(step, exchange)
    }

    mutating func continueLogin(_ exchange: SASLExchange, _ line: [UInt8]) -> [Action] {
        var exchange = exchange
        let step = exchange.receive(line[...])
        return took(step, exchange)
    }

    private mutating func took(_ step: SASLExchange.Step, _ exchange: SASLExchange) -> [Action] {
        switch step {
        case .challenge(let text):
            phase = .sasl(exchange)
            return [.send(SMTPReply(334, text))]
        case .credentials(let credentials) where credentials.asksForAnotherIdentity:
            phase = .command
            return [send(Reply.wrongLogin)]
        case .credentials(let credentials):
            phase = .waiting
            return [.checkLogin(credentials)]
        case .failed(let failure):
            phase = .command
            return [send(Reply.login(failure))]
        }
    }

    mutating func loginChecked(_ verdict: LoginVerdict) -> [Action] {
        switch verdict {
        case .accepted(let login):
            self.login = login
            return [.send(SMTPReply(235, EnhancedStatusCode(2, 7, 0), "Welcome"))]
        case .rejected: return [send(Reply.wrongLogin)]
        case .unavailable: return [.send(Reply.loginUnavailable)]
        }
    }
}
