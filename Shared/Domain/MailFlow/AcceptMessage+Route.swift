// SPDX-License-Identifier: Apache-2.0

import Accounts
import Logging
import MailFormat
import OutgoingQueue

extension AcceptMessage {
    /// A copy that has to reach one account.
    struct Target: Sendable {
        let account: AccountID
        /// The address that led to the account first, for reports.
        let recipient: MailAddress
    }

    /// Writes every copy. Local recipients whose file cannot be written just now, and remote ones, become rows of the
    /// spool in one transaction.
    func route(_ message: IncomingMessage, top: String, content: [UInt8]) async -> AcceptVerdict {
        let returnPath = TraceLines.returnPath(message.reversePath)
        var copy: [UInt8] = []
        copy.reserveCapacity(returnPath.utf8.count + top.utf8.count + content.count)
        copy += returnPath.utf8
        copy += top.utf8
        copy += content

        let targets = localTargets(message)
        let failures = await deliver(copy, to: targets)
        if failures.contains(where: { $0.failure == .tooLarge }) { return refused(message, .tooLarge) }
        // One answer for all recipients: when it is the same for each, the sender may have it at once. Else those whose
        // account is full wait in the spool, as long as mail for elsewhere would.
        let isRemote = message.recipients.contains { $0.route == .remote }
        if !isRemote, !failures.isEmpty, failures.count == targets.count,
            failures.allSatisfy({ $0.failure == .overQuota })
        {
            return refused(message, .overQuota)
        }
        var rows = failures.map { target, _ in
            NewDelivery(recipient: target.recipient.description, route: .local(account: target.account.description))
        }
        for recipient in message.recipients where recipient.route == .remote {
            rows.append(
                NewDelivery(
                    recipient: recipient.address.description, route: .remote(domain: recipient.address.domain)))
        }
        if !rows.isEmpty {
            do {
                try await queue.enqueue(
                    NewMessage(
                        reversePath: message.reversePath, recipients: rows,
                        content: Array(copy[returnPath.utf8.count...]), needsSMTPUTF8: message.isInternationalized))
            } catch {
                logger.error("spool not writable", metadata: ["message": "\(message.id)", "error": "\(error)"])
                let isFull = error as? QueueError == .diskFull || failures.contains { $0.failure == .full }
                return refused(message, isFull ? .storeFull : .temporary)
            }
        }
        logger.info(
            "message accepted",
            metadata: [
                "message": "\(message.id)", "octets": "\(message.content.count)", "accounts": "\(targets.count)",
                "spooled": "\(rows.count)",
            ])
        return .accepted(id: message.id)
    }

    /// One copy for each account, however many of the recipients lead to it.
    private func localTargets(_ message: IncomingMessage) -> [Target] {
        var seen: Set<AccountID> = []
        var targets: [Target] = []
        for recipient in message.recipients {
            guard case .local(let accounts) = recipient.route else { continue }
            for account in accounts where seen.insert(account).inserted {
                targets.append(Target(account: account, recipient: recipient.address))
            }
        }
        return targets
    }

    private func deliver(
        _ copy: [UInt8], to targets: [Target]
    ) async -> [(target: Target, failure: DropFailure)] {
        await withTaskGroup(of: (Target, DropFailure?).self) { group in
            var waiting = targets[...]
            var failures: [(target: Target, failure: DropFailure)] = []
            for target in waiting.prefix(limits.parallelDeliveries) {
                group.addTask { (target, await deliver(copy, to: target)) }
            }
            waiting = waiting.dropFirst(limits.parallelDeliveries)
            for await (target, failure) in group {
                if let failure { failures.append((target, failure)) }
                if let next = waiting.popFirst() { group.addTask { (next, await deliver(copy, to: next)) } }
            }
            return failures
        }
    }

    private func deliver(_ copy: [UInt8], to target: Target) async -> DropFailure? {
        do throws(DropFailure) {
            let notice = QuotaNotice(hostname: hostname, date: now())
            try await drop.deliver(copy, to: target.account, key: nil) { use in
                notice.message(to: target.recipient.description, use)
            }
            announcer.changed(target.account)
            return nil
        } catch {
            // A full account is its owner's business, anything else the operator's.
            logger.log(
                level: error == .overQuota ? .info : .warning, "not delivered to an account",
                metadata: ["account": "\(target.account)", "error": "\(error)"])
            return error
        }
    }
}
