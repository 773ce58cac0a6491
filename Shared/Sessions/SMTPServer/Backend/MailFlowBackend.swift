// SPDX-License-Identifier: Apache-2.0

import Accounts
import Logging
import MailFlow
import MailFormat
import Metrics
import RedisStreams
import SASLMechanisms
import SMTPGrammar
import ServiceKit

/// Joins a session to the real rooms: logins to `Accounts.Directory`, everything about mail to
/// `MailFlow.AcceptMessage`.
package struct MailFlowBackend: SessionBackend {
    private let clientAddress: String
    private let directory: Directory
    private let failedLogins: FailedLogins
    private let flow: AcceptMessage
    private let logger: Logger

    /// `logger`: with the connection's id. `clientAddress`: text form, without brackets.
    package init(
        clientAddress: String, directory: Directory, failedLogins: FailedLogins, flow: AcceptMessage, logger: Logger
    ) {
        self.clientAddress = clientAddress
        self.directory = directory
        self.failedLogins = failedLogins
        self.logger = logger
        var flow = flow
        flow.logger = logger
        self.flow = flow
    }

    package func check(_ credentials: SASLCredentials) async -> LoginVerdict {
        await failedLogins.pass(address: clientAddress)
        do {
            let password = credentials.password.withBytes { SecretBytes($0) }
            guard let identity = try await directory.authenticate(login: credentials.login, password: password) else {
                await failedLogins.failed(address: clientAddress)
                logger.notice("login failed")
                Counter(label: "mailkeep_logins_total", dimensions: [("result", "failed")]).increment()
                return .rejected
            }
            logger.info("login", metadata: ["account": "\(identity.id)"])
            Counter(label: "mailkeep_logins_total", dimensions: [("result", "ok")]).increment()
            return .accepted(Login(account: identity.id, name: credentials.login))
        } catch {
            logger.error("cannot check logins", metadata: ["error": "\(error)"])
            return .unavailable
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

    package func resolve(_ path: ForwardPath, mayRelay: Bool) async -> RecipientVerdict {
        switch path {
        case .postmaster: return await flow.resolvePostmaster()
        case .mailbox(let mailbox):
            guard let address = MailAddress(parsing: mailbox.text) else {
                // Mail for an address literal never is for us.
                return mailbox.isAddressLiteral && !mayRelay ? .notHere : .malformed
            }
            return await flow.resolve(address, mayRelay: mayRelay)
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
