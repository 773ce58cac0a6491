// SPDX-License-Identifier: Apache-2.0

import Accounts
import MailFormat

/// A recipient that we answered 250 for, and where its copy goes.
package struct Recipient: Sendable, Hashable {
    package enum Route: Sendable, Hashable {
        /// Our own accounts: one for a mailbox, several for an alias. Never empty.
        case local([AccountID])
        /// Somebody else's domain; for submissions only.
        case remote
    }

    /// As the sender named it.
    package let address: MailAddress
    package let route: Route

    package init(address: MailAddress, route: Route) {
        self.address = address
        self.route = route
    }
}

/// What a RCPT is answered with.
package enum RecipientVerdict: Sendable {
    case accepted(Recipient)
    /// Our domain, nobody of that name: 550 5.1.1.
    case unknown
    /// Ours, and takes no mail now: 550 5.2.1.
    case disabled
    /// No account that it leads to has room for the message: 452 4.2.2. The sender's server keeps it and tries for days.
    case full
    /// Not our domain and the client may not relay: 550 5.7.1.
    case notHere
    /// Not an address that the store or the queue can hold: 553 5.1.3.
    case malformed
    /// The directory cannot be read just now: 451 4.3.0.
    case unavailable
}
