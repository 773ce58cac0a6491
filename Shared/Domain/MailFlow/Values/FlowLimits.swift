// SPDX-License-Identifier: Apache-2.0

/// Bounds of the flow, in one place.
package struct FlowLimits: Sendable {
    /// Received lines of a message; more means a loop (RFC 5321 section 6.3). 554 5.4.6
    package var hops = 100
    /// Mailboxes in the From field of a submission.
    package var fromMailboxes = 100
    /// Accounts that one message is written to at the same time.
    package var parallelDeliveries = 4
    /// Seconds between two looks into the spool for due local deliveries.
    package var spoolInterval = 15

    package init() {}
}
