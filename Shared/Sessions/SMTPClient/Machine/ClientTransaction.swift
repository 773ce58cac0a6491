// SPDX-License-Identifier: Apache-2.0

import OutgoingQueue
import SMTPGrammar

/// One message for recipients that the same servers take.
package struct ClientTransaction: Sendable {
    package var reversePath: ReversePath
    /// By the delivery's id in the spool.
    package var recipients: [(id: Int64, path: ForwardPath)]
    /// Octets, as it goes out.
    package var size: Int
    package var isEightBit: Bool
    package var needsSMTPUTF8: Bool

    package init(
        reversePath: ReversePath, recipients: [(id: Int64, path: ForwardPath)], size: Int, isEightBit: Bool,
        needsSMTPUTF8: Bool
    ) {
        self.reversePath = reversePath
        self.recipients = recipients
        self.size = size
        self.isEightBit = isEightBit
        self.needsSMTPUTF8 = needsSMTPUTF8
    }
}

/// What a conversation with one server came to.
package struct ClientOutcome: Sendable, Equatable {
    /// What the server said of a recipient, or what became certain otherwise.
    package var results: [Int64: AttemptResult] = [:]
    /// Why the others have none; nil when all have.
    package var failure: ClientFailure?

    package init() {}
}

package enum ClientFailure: Sendable, Equatable {
    /// Nothing of the message was taken: another server may be tried at once.
    case serverUnusable(status: String, reply: String)
    /// TLS did not come about after the server had offered it: the same server may be tried in clear.
    case tlsFailed
    /// The message was on its way and no answer came: to be tried later, and may arrive twice (RFC 5321 section 4.2.5).
    case interrupted(status: String, reply: String)
}
