// SPDX-License-Identifier: Apache-2.0

import MailFlow
import SASLMechanisms
import SMTPGrammar

/// Every reply that is not bound to one place, and the one translation of domain verdicts to SMTP. Texts are stable;
/// causes go to the log.
enum Reply {
    static let ok = SMTPReply(250, EnhancedStatusCode(2, 0, 0), "OK")
    static let senderOK = SMTPReply(250, EnhancedStatusCode(2, 1, 0), "Sender OK")

    static let needsTLS = SMTPReply(530, EnhancedStatusCode(5, 7, 0), "Must issue a STARTTLS command first")
    static let noTLS = SMTPReply(454, EnhancedStatusCode(4, 7, 0), "TLS is not available just now")
    static let needsLogin = SMTPReply(530, EnhancedStatusCode(5, 7, 0), "Authentication required")
    static let noLoginHere = SMTPReply(502, EnhancedStatusCode(5, 5, 1), "Log in on port 465 or 587")
    static let loginNeedsTLS = SMTPReply(538, EnhancedStatusCode(5, 7, 11), "Encryption required to log in")
    static let unknownMechanism = SMTPReply(504, EnhancedStatusCode(5, 5, 4), "Unknown authentication mechanism")
    static let wrongLogin = SMTPReply(535, EnhancedStatusCode(5, 7, 8), "Login or password is wrong")
    static let loginUnavailable = SMTPReply(454, EnhancedStatusCode(4, 7, 0), "Cannot check logins just now")
    static let responseTooLong = SMTPReply(500, EnhancedStatusCode(5, 5, 6), "Authentication line too long")

    static let senderNotOwned = SMTPReply(
        553, EnhancedStatusCode(5, 7, 1), "Your login may not send with this sender address")
    static let needsUTF8 = SMTPReply(553, EnhancedStatusCode(5, 6, 7), "This address needs the SMTPUTF8 parameter")
    static let tooManyRecipients = SMTPReply(452, EnhancedStatusCode(4, 5, 3), "Too many recipients")
    static let noRecipients = SMTPReply(554, EnhancedStatusCode(5, 5, 1), "No valid recipients")
    static let tooLarge = SMTPReply(552, EnhancedStatusCode(5, 3, 4), "Message is too large")
    static let outOfMemory = SMTPReply(452, EnhancedStatusCode(4, 3, 1), "Too many messages at once, try again later")
    static let mailboxFull = SMTPReply(452, EnhancedStatusCode(4, 2, 2), "The mailbox is full, try again later")
    static let tryLater = SMTPReply(451, EnhancedStatusCode(4, 3, 0), "Temporary failure, try again later")

    static func outOfOrder(_ text: String) -> SMTPReply { SMTPReply(503, EnhancedStatusCode(5, 5, 1), text) }

    static func tooManyErrors(_ host: String) -> SMTPReply { end(host, EnhancedStatusCode(4, 7, 0), "Too many errors") }
    static func tooManyMessages(_ host: String) -> SMTPReply {
        end(host, EnhancedStatusCode(4, 7, 0), "Too many messages on one connection")
    }
    static func timeout(_ host: String) -> SMTPReply { end(host, EnhancedStatusCode(4, 4, 2), "Timeout") }
    static func shuttingDown(_ host: String) -> SMTPReply { end(host, EnhancedStatusCode(4, 3, 2), "Shutting down") }
    static func outOfStep(_ host: String) -> SMTPReply { end(host, EnhancedStatusCode(4, 5, 0), "Out of step") }
    static func internalError(_ host: String) -> SMTPReply { end(host, EnhancedStatusCode(4, 3, 0), "Internal error") }

    private static func end(_ host: String, _ code: EnhancedStatusCode, _ text: String) -> SMTPReply {
        SMTPReply(421, code, "\(host) \(text), closing connection")
    }

    static func command(_ error: SMTPCommandError) -> SMTPReply {
        switch error {
        case .unknownCommand: SMTPReply(500, EnhancedStatusCode(5, 5, 2), "Command not recognized")
        case .controlCharacter:
            SMTPReply(500, EnhancedStatusCode(5, 5, 2), "Control character in command; only CRLF ends a line")
        case .lineTooLong: SMTPReply(500, EnhancedStatusCode(5, 5, 6), "Line too long")
        case .syntax(let form): SMTPReply(501, EnhancedStatusCode(5, 5, 4), "Syntax: \(form)")
        case .unsupportedParameter(let name):
            SMTPReply(555, EnhancedStatusCode(5, 5, 4), "Unsupported parameter \(name)")
        case .unreadableChunkSize: SMTPReply(501, EnhancedStatusCode(5, 5, 4), "Syntax: BDAT size [LAST]")
        case .notImplemented: SMTPReply(502, EnhancedStatusCode(5, 5, 1), "Command not implemented")
        }
    }

    static func login(_ failure: SASLFailure) -> SMTPReply {
        switch failure {
        case .cancelled: SMTPReply(501, EnhancedStatusCode(5, 7, 0), "Authentication cancelled")
        case .malformed: SMTPReply(501, EnhancedStatusCode(5, 5, 2), "Malformed authentication response")
        case .tooLong: responseTooLong
        }
    }

    static func flawed(_ flaws: ContentFlaws) -> SMTPReply {
        let what =
            flaws.contains(.bareLF) ? "a bare LF" : flaws.contains(.bareCR) ? "a bare CR" : "a NUL character"
        return SMTPReply(554, EnhancedStatusCode(5, 6, 0), "Message has \(what); lines must end in CRLF")
    }

    static func recipient(_ verdict: RecipientVerdict) -> SMTPReply {
        switch verdict {
        case .accepted: SMTPReply(250, EnhancedStatusCode(2, 1, 5), "Recipient OK")
        case .unknown: SMTPReply(550, EnhancedStatusCode(5, 1, 1), "No such recipient here")
        case .disabled: SMTPReply(550, EnhancedStatusCode(5, 2, 1), "This mailbox takes no mail")
        case .full: mailboxFull
        case .notHere: SMTPReply(550, EnhancedStatusCode(5, 7, 1), "We do not relay for you to this domain")
        case .malformed: SMTPReply(553, EnhancedStatusCode(5, 1, 3), "Not an address that we can deliver to")
        case .unavailable: SMTPReply(451, EnhancedStatusCode(4, 3, 0), "Cannot look up recipients just now")
        }
    }

    static func verdict(_ verdict: AcceptVerdict) -> SMTPReply {
        switch verdict {
        case .accepted(let id): SMTPReply(250, EnhancedStatusCode(2, 0, 0), "Accepted as \(id)")
        case .refused(let refusal): self.refusal(refusal)
        }
    }

    private static func refusal(_ refusal: Refusal) -> SMTPReply {
        let notAuthorized = EnhancedStatusCode(5, 7, 1)
        return switch refusal {
        case .tooManyHops: SMTPReply(554, EnhancedStatusCode(5, 4, 6), "Too many hops: this message is in a loop")
        case .beginsFolded: SMTPReply(554, EnhancedStatusCode(5, 6, 0), "The first line is the continuation of none")
        case .tooLarge: tooLarge
        case .policy(let domain):
            SMTPReply(550, notAuthorized, "Refused by the DMARC policy of \(domain)")
        case .fromMissing: SMTPReply(550, notAuthorized, "The message has no From field")
        case .fromRepeated: SMTPReply(550, notAuthorized, "The message has more than one From field")
        case .fromMalformed: SMTPReply(550, notAuthorized, "The From field names no mailbox that we can read")
        case .fromNotOwned(let address):
            SMTPReply(550, notAuthorized, "Your login may not send as \(address) in the From field")
        case .overQuota: mailboxFull
        case .storeFull: SMTPReply(452, EnhancedStatusCode(4, 3, 1), "Not enough room, try again later")
        case .temporary: tryLater
        }
    }
}
