// SPDX-License-Identifier: Apache-2.0

/// Deliveries of one message that one worker holds: the same message and, for remote ones, the same domain.
package struct Batch: Sendable {
    package struct Delivery: Sendable, Equatable {
        package let id: Int64
        /// Random, never given twice: a store that remembers it delivers once.
        package let key: String
        package let recipient: String
        package let account: String?
        /// Attempts with this one.
        package let attempt: Int
        package let delayTold: Bool
    }

    package let message: Int64
    package let reversePath: String
    package let needsSMTPUTF8: Bool
    package let size: Int
    /// Milliseconds since 1970.
    package let created: Int64
    package let kind: DeliveryKind
    package let domain: String
    package let owner: String
    package let deliveries: [Delivery]
}

/// How an attempt ended for one recipient.
package struct AttemptResult: Sendable, Equatable {
    package enum Outcome: Sendable, Equatable {
        case delivered
        /// Try again; the time follows `Retry` unless the delivery is too old, then it counts as failed.
        case deferred
        case failed
    }

    package var outcome: Outcome
    /// Where it was tried, as in `mx.example.org [192.0.2.1]`; empty when no server was reached.
    package var host: String
    /// Enhanced status code (RFC 3463), as in `5.1.1`.
    package var status: String
    /// The other server's words or ours.
    package var reply: String

    package init(_ outcome: Outcome, host: String = "", status: String, reply: String) {
        self.outcome = outcome
        self.host = host
        self.status = status
        self.reply = reply
    }
}

/// What became of a delivery when its result was committed: what a notification to the sender tells.
package struct Settled: Sendable {
    package enum Fate: Sendable {
        case delivered
        case failed
        /// Will be tried until `until` (seconds since 1970); told once.
        case delayed(until: Int64)
    }

    package let recipient: String
    package let fate: Fate
    package let result: AttemptResult
}
