// SPDX-License-Identifier: Apache-2.0

/// A message on its way into the spool, with everyone that it still has to reach.
package struct NewMessage: Sendable {
    /// `""` is the null reverse-path.
    package var reversePath: String
    package var recipients: [NewDelivery]
    /// The message with CRLF line ends and our trace lines, at most `QueueLimits.messageBytes`.
    package var content: [UInt8]
    /// Whether an address or a header field needs SMTPUTF8 (RFC 6531) on the way.
    package var needsSMTPUTF8: Bool

    package init(reversePath: String, recipients: [NewDelivery], content: [UInt8], needsSMTPUTF8: Bool = false) {
        self.reversePath = reversePath
        self.recipients = recipients
        self.content = content
        self.needsSMTPUTF8 = needsSMTPUTF8
    }
}

/// One recipient of a `NewMessage`.
package struct NewDelivery: Sendable, Equatable {
    package enum Route: Sendable, Equatable {
        /// Into an account of ours: the named one, or those that the recipient stands for when it is delivered.
        case local(account: String?)
        /// To the mail servers of a domain (A-label, lower case).
        case remote(domain: String)
    }

    package var recipient: String
    package var route: Route

    package init(recipient: String, route: Route) {
        self.recipient = recipient
        self.route = route
    }

    var kind: DeliveryKind {
        switch route {
        case .local: .local
        case .remote: .remote
        }
    }

    var domain: String {
        switch route {
        case .local: ""
        case .remote(let domain): domain
        }
    }

    var account: String? {
        switch route {
        case .local(let account): account
        case .remote: nil
        }
    }
}

/// Who works a delivery off: SMTPInbound (local), SMTPOutbound (remote).
package enum DeliveryKind: Int, Sendable, CaseIterable {
    case local = 0
    case remote = 1
}
