// SPDX-License-Identifier: Apache-2.0

import Accounts
import Logging
import Logins
import MailFlow
import MailFormat
import Metrics
import SASLMechanisms
import SMTPGrammar
import ServiceKit

/// Joins a session to the real rooms: logins to `Logins`, everything about mail to
/// `MailFlow.AcceptMessage`.
package struct MailFlowBackend: SessionBackend {
    private let clientAddress: String
    private let directory: Directory
    private let logins: Logins
    private let flow: AcceptMessage
    private let logger: Logger

    /// `logger`: with the connection's id. `clientAddress`: text form, without brackets.
    package init(
        clientAddress: String, directory: Directory, logins: Logins, flow: AcceptMessage, logger: Logger
    ) {
        self.clientAddress = clientAddress
        self.directory = directory
        self.logins = logins
        self.logger = logger
        var flow = flow
        flow.logger = logger
        self.flow = flow
    }

    package func check(_ credentials: SASLCredentials) async -> LoginVerdict {
        switch await logins.check(credentials, from: clientAddress, logger: logger) {
        // Submission needs no mailbox: a zero-access account's is let go of at once.
        case .account(let account, _): return .accepted(Login(account: account, name: credentials.login))
        case .wrong: return .rejected
        case .tryLater: return .unavailable
        }
    }

    package func owns(_ sender: SMTPMailbox, _ login: Login) async -> Bool? {
        guard let address = MailAddress(parsing: sender.text) else { return false }
        do {
            return try await directory.mayUse(login.account, address)
        } catch {
            logger.error("cannot look up addresses", metadata: ["error": "\(error)"])
            return nil
        }
    }

    package func resolve(_ path: ForwardPath, mayRelay: Bool, size: Int?) async -> RecipientVerdict {
        switch path {
        case .postmaster: return await flow.resolvePostmaster(size: size)
        case .mailbox(let mailbox):
            guard let address = MailAddress(parsing: mailbox.text) else {
                // Mail for an address literal never is for us.
                return mailbox.isAddressLiteral && !mayRelay ? .notHere : .malformed
            }
            return await flow.resolve(address, mayRelay: mayRelay, size: size)
        }
    }

    package func accept(_ message: FinishedMessage) async -> AcceptVerdict {
        let incoming = IncomingMessage(
            id: MessageName.make(), origin: message.login.map { .submission($0.account) } ?? .exchange,
            client: IncomingMessage.Client(
                address: clientAddress, name: message.clientName, protocolName: message.protocolName),
            reversePath: message.transaction.reversePath.text,
            isInternationalized: message.transaction.parameters.smtpUTF8,
            recipients: message.transaction.recipients, content: message.content.take())
        let verdict = await flow.accept(incoming)
        let result = if case .accepted = verdict { "accepted" } else { "refused" }
        Counter(label: "mailkeep_messages_total", dimensions: [("result", result), ("door", message.role.rawValue)])
            .increment()
        return verdict
    }
}
