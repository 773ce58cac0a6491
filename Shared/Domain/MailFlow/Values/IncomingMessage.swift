// SPDX-License-Identifier: Apache-2.0

import Accounts
import MailFormat

/// Everything that `AcceptMessage` needs to know about a message that is there to its last octet.
package struct IncomingMessage: Sendable {
    package enum Origin: Sendable {
        /// Port 25: from a stranger, to be judged.
        case exchange
        /// From the account that logged in: it answers for the sender.
        case submission(AccountID)
    }

    /// The host that brought it.
    package struct Client: Sendable {
        /// Its address as text, without brackets: `192.0.2.1`, `2001:db8::1`.
        package let address: String
        /// As said in EHLO or HELO.
        package let name: String
        /// The word after "with" in the Received line: `ESMTPS` (RFC 3848).
        package let protocolName: String

        package init(address: String, name: String, protocolName: String) {
            self.address = address
            self.name = name
            self.protocolName = protocolName
        }
    }

    /// Names the message in the log, in the Received line and in the answer 250.
    package let id: String
    package let origin: Origin
    package let client: Client
    /// `anna@example.org` as the client wrote it, without angle brackets; empty: the null sender of bounces. Text,
    /// since senders may be longer than addresses of ours.
    package let reversePath: String
    /// Whether the sender asked for SMTPUTF8.
    package let isInternationalized: Bool
    package let recipients: [Recipient]
    /// CRLF line ends, no bare CR, LF or NUL.
    package var content: [UInt8]

    package init(
        id: String, origin: Origin, client: Client, reversePath: String, isInternationalized: Bool = false,
        recipients: [Recipient], content: [UInt8]
    ) {
        self.id = id
        self.origin = origin
        self.client = client
        self.reversePath = reversePath
        self.isInternationalized = isInternationalized
        self.recipients = recipients
        self.content = content
    }
}

/// The answer to the end of a message.
package enum AcceptVerdict: Sendable {
    /// On disk for every recipient: the message is ours now.
    case accepted(id: String)
    /// For no recipient anything was kept; or, when `temporary` or `storeFull`, some may get it twice.
    case refused(Refusal)
}

package enum Refusal: Sendable, Equatable {
    /// More Received lines than `FlowLimits.hops`: 554 5.4.6.
    case tooManyHops
    /// The first line begins with a blank and would continue a trace line of ours: 554 5.6.0.
    case beginsFolded
    /// 552 5.3.4
    case tooLarge
    /// The domain of the From asks by DMARC to refuse what it did not send: 550 5.7.1.
    case policy(domain: String)
    /// Submissions, all 550 5.7.1: RFC 5322 section 3.6 wants exactly one From field, and the login must own each
    /// mailbox.
    case fromMissing
    case fromRepeated
    case fromMalformed
    case fromNotOwned(String)
    /// No recipient has room for it: 452 4.2.2.
    case overQuota
    /// 452 4.3.1
    case storeFull
    /// 451 4.3.0
    case temporary
}
