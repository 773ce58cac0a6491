// SPDX-License-Identifier: Apache-2.0

import Accounts
import Logging
import MailFormat

/// What a submission must be (RFC 6409 sections 6 and 8).
extension AcceptMessage {
    /// The login must own every mailbox of the one From field; nil when it does.
    func checkAuthor(_ message: IncomingMessage, _ account: AccountID) async -> Refusal? {
        let content = message.content
        var found: Range<Int>?
        for field in HeaderScan(content) where field.name == "from" {
            guard found == nil else { return .fromRepeated }
            found = field.body
        }
        guard let body = found else { return .fromMissing }
        guard let mailboxes = FromField.mailboxes(content[body]), mailboxes.count <= limits.fromMailboxes else {
            return .fromMalformed
        }
        for mailbox in mailboxes {
            do {
                guard try await directory.mayUse(account, mailbox) else { return .fromNotOwned(mailbox.description) }
            } catch {
                logger.error("look-up of addresses failed", metadata: ["error": "\(error)"])
                return .temporary
            }
        }
        return nil
    }

    /// Date and Message-ID fields for a message that has none.
    func completion(_ message: IncomingMessage) -> String {
        var hasDate = false
        var hasID = false
        for field in HeaderScan(message.content) {
            if field.name == "date" { hasDate = true }
            if field.name == "message-id" { hasID = true }
        }
        var text = ""
        if !hasDate { text += "Date: \(now())\r\n" }
        let domain = MailAddress(parsing: message.reversePath)?.domain ?? hostname
        if !hasID { text += "Message-ID: <\(MessageName.make())@\(domain)>\r\n" }
        return text
    }
}
