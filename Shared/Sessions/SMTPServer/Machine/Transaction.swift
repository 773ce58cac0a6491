// SPDX-License-Identifier: Apache-2.0

import Accounts
import MailFlow
import SMTPGrammar
import ServiceKit
import Synchronization

/// Who logged in on this connection.
package struct Login: Sendable, Equatable {
    package let account: AccountID
    /// The name that was given, for logs.
    package let name: String

    package init(account: AccountID, name: String) {
        self.account = account
        self.name = name
    }
}

package enum LoginVerdict: Sendable {
    case accepted(Login)
    case rejected
    /// The directory cannot be asked just now.
    case unavailable
}

/// What the loop hands to `MailFlow` when the last octet is there.
package struct FinishedMessage: Sendable {
    package let role: SessionRole
    package let login: Login?
    /// As said in EHLO or HELO.
    package let clientName: String
    package let isExtended: Bool
    package let isTLS: Bool
    package let content: Content
    /// Without the octets; holds their lease, so keep it alive while they are in use.
    package let transaction: Transaction

    /// The octets, for one taker: so that trace lines can be put on top without a copy of 64 MiB.
    package final class Content: Sendable {
        private let octets: Mutex<[UInt8]>

        init(_ octets: consuming [UInt8]) { self.octets = Mutex(octets) }

        /// All octets; none when they were taken before.
        package func take() -> [UInt8] {
            octets.withLock { octets in
                let taken = octets
                octets = []
                return taken
            }
        }
    }

    /// The word after "with" in the Received line (RFC 3848, RFC 6531 section 4.3).
    package var protocolName: String {
        guard isExtended else { return "SMTP" }
        let base = transaction.parameters.smtpUTF8 ? "UTF8SMTP" : "ESMTP"
        return base + (isTLS ? "S" : "") + (login == nil ? "" : "A")
    }
}

/// From MAIL to the end of the message.
package struct Transaction: Sendable {
    package let reversePath: ReversePath
    package let parameters: MailParameters
    package private(set) var recipients: [Recipient] = []
    /// The octets so far. Empty from the first flaw on.
    package private(set) var content: [UInt8] = []
    package internal(set) var flaws: ContentFlaws = []
    /// Whether DATA or BDAT has begun.
    package private(set) var isReceiving = false

    private var isOutOfMemory = false
    private var size = 0
    private var scanner = ContentScanner()
    /// Gives the octets' room back when the last copy of the transaction goes.
    private var lease: MessageMemory.Lease?

    init(reversePath: ReversePath, parameters: MailParameters) {
        self.reversePath = reversePath
        self.parameters = parameters
    }

    /// The same recipient twice gets one copy.
    mutating func add(_ recipient: Recipient) {
        if !recipients.contains(recipient) { recipients.append(recipient) }
    }

    mutating func begin() { isReceiving = true }

    mutating func append(_ bytes: [UInt8], limit: Int, memory: MessageMemory) {
        size += bytes.count
        if size > limit { flaws.insert(.tooLarge) }
        if flaws.isEmpty, !isOutOfMemory {
            let lease = self.lease ?? memory.lease()
            self.lease = lease
            if lease.grow(by: bytes.count) {
                content.append(contentsOf: bytes)
                return
            }
            isOutOfMemory = true
        }
        release()
    }

    mutating func appendChunk(_ bytes: [UInt8], limit: Int, memory: MessageMemory) {
        scanner.scan(bytes)
        flaws.formUnion(scanner.flaws)
        append(bytes, limit: limit, memory: memory)
    }

    mutating func finishChunks() {
        scanner.finish()
        flaws.formUnion(scanner.flaws)
    }

    /// Lets go of the octets; their room is given back when every other holder has let go too.
    mutating func release() {
        content = []
        lease = nil
    }

    /// Takes the octets out; the lease stays with this value.
    mutating func takeContent() -> [UInt8] {
        let taken = content
        content = []
        return taken
    }

    /// Why the octets alone forbid to accept the message; nil when they do not.
    var refusal: SMTPReply? {
        if flaws.contains(.tooLarge) { return Reply.tooLarge }
        if !flaws.isEmpty { return Reply.flawed(flaws) }
        return isOutOfMemory ? Reply.outOfMemory : nil
    }
}
