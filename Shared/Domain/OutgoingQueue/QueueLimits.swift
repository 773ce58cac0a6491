// SPDX-License-Identifier: Apache-2.0

/// Every bound of the queue in one place.
package enum QueueLimits {
    /// Largest message, in bytes: what SMTP accepts (64 MiB) and room for trace lines.
    package static let messageBytes = 65 << 20
    /// Recipients of one message.
    package static let recipients = 1_000
    /// Bytes of a chunk row.
    package static let chunkBytes = 128 << 10
    /// Deliveries in one batch: RFC 5321 section 4.5.3.1.8 lets a server take no more than 100 recipients.
    package static let batch = 100
    /// Attempts that are kept for the story of a delivery; older ones go.
    package static let attemptsKept = 50
    /// Characters kept of a remote server's reply.
    package static let replyCharacters = 500
    /// How long a lease lasts without being renewed, in seconds.
    package static let leaseSeconds = 60
    /// Rows that a listing gives at most.
    package static let listed = 10_000
}
