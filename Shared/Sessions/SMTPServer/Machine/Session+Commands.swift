// SPDX-License-Identifier: Apache-2.0

import MailFlow
import SMTPGrammar

extension Session {
    mutating func command(_ command: SMTPCommand) -> [Action] {
        switch command {
        case .ehlo(let name): return hello(name, extended: true)
        case .helo(let name): return hello(name, extended: false)
        case .mail(let path, let parameters): return mail(path, parameters)
        case .rcpt(let path): return recipient(path)
        case .data: return data()
        case .bdat(let size, let last): return chunk(size: size, last: last)
        case .rset:
            transaction = nil
            return [.send(Reply.ok)]
        case .noop: return [.send(Reply.ok)]
        case .vrfy: return [.send(SMTPReply(252, EnhancedStatusCode(2, 5, 0), "Send mail to find out"))]
        case .help: return [.send(SMTPReply(214, EnhancedStatusCode(2, 0, 0), "See RFC 5321"))]
        case .quit: return close(SMTPReply(221, EnhancedStatusCode(2, 0, 0), "\(hostname) closing connection"))
        case .startTLS: return startTLS()
        case .auth(let mechanism, let response): return startLogin(mechanism, response)
        }
    }

    // RFC 5321 section 4.1.1.1: EHLO also resets the transaction.
    private mutating func hello(_ name: String, extended: Bool) -> [Action] {
        transaction = nil
        greeting = (name, extended)
        return [.send(SMTPReply(250, lines: extended ? [hostname] + keywords : [hostname]))]
    }

    private var keywords: [String] {
        var keywords = [
            "SIZE \(limits.messageSize)", "PIPELINING", "8BITMIME", "SMTPUTF8", "CHUNKING", "ENHANCEDSTATUSCODES",
        ]
        if !isTLS, canStartTLS { keywords.append("STARTTLS") }
        if isTLS, role.isSubmission, login == nil { keywords.append("AUTH PLAIN LOGIN") }
        return keywords
    }

    private mutating func startTLS() -> [Action] {
        guard !isTLS else { return [send(Reply.outOfOrder("TLS is active already"))] }
        guard canStartTLS else { return [.send(Reply.noTLS)] }
        guard greeting != nil else { return [send(Reply.outOfOrder("Say EHLO first"))] }
        guard transaction == nil else { return [send(Reply.outOfOrder("Not within a mail transaction"))] }
        phase = .waiting
        return [.send(SMTPReply(220, EnhancedStatusCode(2, 0, 0), "Ready to start TLS")), .startTLS]
    }

    private mutating func mail(_ path: ReversePath, _ parameters: MailParameters) -> [Action] {
        guard let greeting else { return [send(Reply.outOfOrder("Say EHLO first"))] }
        guard transaction == nil else { return [send(Reply.outOfOrder("A mail transaction is open already"))] }
        if role.isSubmission {
            guard isTLS else { return [send(Reply.needsTLS)] }
            guard login != nil else { return [send(Reply.needsLogin)] }
        }
        if parameters.smtpUTF8, !greeting.extended { return [send(Reply.command(.unsupportedParameter("SMTPUTF8")))] }
        if let size = parameters.size, size > limits.messageSize { return [send(Reply.tooLarge)] }
        if case .mailbox(let mailbox) = path, mailbox.isInternationalized, !parameters.smtpUTF8 {
            return [send(Reply.needsUTF8)]
        }
        transaction = Transaction(reversePath: path, parameters: parameters)
        if let login, case .mailbox(let mailbox) = path {
            phase = .waiting
            return [.checkSender(mailbox, login)]
        }
        return [.send(Reply.senderOK)]
    }

    mutating func senderChecked(_ verdict: Bool?) -> [Action] {
        switch verdict {
        case true?: return [.send(Reply.senderOK)]
        case false?:
            transaction = nil
            return [send(Reply.senderNotOwned)]
        case nil:
            transaction = nil
            return [.send(Reply.tryLater)]
        }
    }

    private mutating func recipient(_ path: ForwardPath) -> [Action] {
        guard let transaction, !transaction.isReceiving else {
            return [send(Reply.outOfOrder(transaction == nil ? "MAIL comes before RCPT" : "BDAT has begun"))]
        }
        guard transaction.recipients.count < limits.recipients else { return [.send(Reply.tooManyRecipients)] }
        if case .mailbox(let mailbox) = path, mailbox.isInternationalized, !transaction.parameters.smtpUTF8 {
            return [send(Reply.needsUTF8)]
        }
        phase = .waiting
        return [.resolve(path)]
    }

    mutating func resolved(_ verdict: RecipientVerdict) -> [Action] {
        if case .accepted(let recipient) = verdict { transaction?.add(recipient) }
        return [send(Reply.recipient(verdict))]
    }
}
