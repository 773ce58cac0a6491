// SPDX-License-Identifier: Apache-2.0

import Accounts
import Logging
import MailFormat
import OutgoingQueue

/// The story of a message that came in whole, in order. `docs/follow-a-message.md` tells it with links.
///
/// When this answers `accepted`, the message is on disk for every recipient: in the account's file, or in the spool.
package struct AcceptMessage: Sendable {
    let hostname: String
    let directory: any RecipientDirectory
    let drop: any MailDrop
    let queue: OutgoingQueue
    let judge: any Judge
    let announcer: any Announcer
    let limits: FlowLimits
    /// With the connection's id, where there is a connection.
    package var logger: Logger
    /// The date for new trace lines, as RFC 5322 writes it.
    let now: @Sendable () -> String

    /// - Parameter hostname: our name in trace lines; Authentication-Results fields that claim it are removed.
    package init(
        hostname: String, directory: any RecipientDirectory, drop: any MailDrop, queue: OutgoingQueue, judge: any Judge,
        announcer: any Announcer, limits: FlowLimits = FlowLimits(), logger: Logger,
        now: @escaping @Sendable () -> String
    ) {
        self.hostname = hostname
        self.directory = directory
        self.drop = drop
        self.queue = queue
        self.judge = judge
        self.announcer = announcer
        self.limits = limits
        self.logger = logger
        self.now = now
    }

    /// At RCPT: where a recipient's copy would go. `mayRelay` for submissions.
    ///
    /// - Parameter size: bytes that the sender announced (SIZE); nil: none. An account that has no room for them, or
    ///   none at all, is `.full`; of several behind an alias, all must be.
    package func resolve(_ address: MailAddress, mayRelay: Bool, size: Int?) async -> RecipientVerdict {
        do {
            switch try await directory.find(address) {
            case .accounts(let accounts) where accounts.isEmpty: return .unknown
            case .accounts(let accounts):
                return await local(Recipient(address: address, route: .local(accounts)), accounts, size: size)
            case .unknown: return .unknown
            case .disabled: return .disabled
            case .notLocal: return mayRelay ? .accepted(Recipient(address: address, route: .remote)) : .notHere
            }
        } catch {
            logger.error("recipient look-up failed", metadata: ["error": "\(error)"])
            return .unavailable
        }
    }

    /// For `RCPT TO:<Postmaster>`, which names no domain: the postmaster of this server.
    package func resolvePostmaster(size: Int?) async -> RecipientVerdict {
        do {
            guard let found = try await directory.findPostmaster(), case .local(let accounts) = found.route else {
                return .unknown
            }
            return await local(found, accounts, size: size)
        } catch {
            logger.error("recipient look-up failed", metadata: ["error": "\(error)"])
            return .unavailable
        }
    }

    private func local(_ recipient: Recipient, _ accounts: [AccountID], size: Int?) async -> RecipientVerdict {
        for account in accounts where await drop.hasRoom(for: max(size ?? 1, 1), in: account) {
            return .accepted(recipient)
        }
        return .full
    }

    /// At the end of the message.
    package func accept(_ message: IncomingMessage) async -> AcceptVerdict {
        // 1. A message that has been through a hundred servers goes in circles.
        guard hops(message.content) <= limits.hops else { return refused(message, .tooManyHops) }
        // Its first line would go on with the last of ours.
        if let first = message.content.first, first == 0x20 || first == 0x09 { return refused(message, .beginsFolded) }

        // 2. Who answers for it: our user, or nobody yet.
        var trace = ""
        switch message.origin {
        case .submission(let account):
            if let refusal = await checkAuthor(message, account) { return refused(message, refusal) }
            trace = completion(message)
        case .exchange:
            let judgement = await judge.judge(message)
            if let domain = judgement.rejectedBy { return refused(message, .policy(domain: domain)) }
            trace = judgement.field
        }

        // 3. Our lines on top, forged ones out, everything else as it came.
        let received = TraceLines.received(message, hostname: hostname, date: now())
        let top: String
        switch message.origin {
        case .submission: top = received + trace
        case .exchange: top = trace + received
        }
        let content = ForgedResults.removed(from: message.content, hostname: hostname)

        // 4. Into the files of our own, as many as can be written; 5. the rest into the spool, in one transaction.
        return await route(message, top: top, content: content)
    }

    private func hops(_ content: [UInt8]) -> Int {
        var count = 0
        for field in HeaderScan(content) where field.name == "received" {
            count += 1
            if count > limits.hops { break }
        }
        return count
    }

    func refused(_ message: IncomingMessage, _ refusal: Refusal) -> AcceptVerdict {
        logger.info("message refused", metadata: ["message": "\(message.id)", "reason": "\(refusal)"])
        return .refused(refusal)
    }
}
