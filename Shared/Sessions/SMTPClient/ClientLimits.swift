// SPDX-License-Identifier: Apache-2.0

/// Every bound of outgoing mail in one place. Times are in seconds; those of the protocol are RFC 5321 section 4.5.3.2.
package enum ClientLimits {
    package static let connectSeconds = 30
    package static let commandSeconds = 300
    package static let dataSeconds = 120
    package static let contentBlockSeconds = 180
    package static let contentEndSeconds = 600
    package static let quitSeconds = 5
    /// Octets written at once.
    package static let contentBlock = 64 << 10
    /// Host names of a domain, and addresses in all, that one attempt tries.
    package static let hosts = 10
    package static let addresses = 12
    /// Batches that a process delivers at once, and of these to one domain.
    package static let batches = 20
    package static let batchesPerDomain = 4
    /// Messages from this size on are delivered one at a time in a process.
    package static let largeMessage = 4 << 20
    /// A look into the spool without being woken.
    package static let sweepSeconds = 60
    /// A lease lasts 60 s.
    package static let renewSeconds = 20
    /// Octets of the original's header in a notification.
    package static let quotedHeader = 32_768
}
