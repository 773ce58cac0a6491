// SPDX-License-Identifier: Apache-2.0

import Accounts
import MailStore

/// The message that tells people that their mailbox fills up, before mail for them has to wait.
struct QuotaNotice: Sendable {
    let hostname: String
    let date: String

    /// - Parameter recipient: the address that led to the account.
    func message(to recipient: String, _ use: StorageUse) -> [UInt8] {
        let limit = use.limit ?? use.bytes
        let text = """
            Date: \(date)
            From: Mail Delivery System <postmaster@\(hostname)>
            To: <\(recipient)>
            Subject: Your mailbox is nearly full
            Message-ID: <\(MessageName.make())@\(hostname)>
            Auto-Submitted: auto-generated
            MIME-Version: 1.0
            Content-Type: text/plain; charset=utf-8

            Your mailbox holds \(ByteSize.text(use.bytes))B of the \(ByteSize.text(limit))B that it may hold: messages of all folders,
            calendars and contacts.

            When it is full, new mail waits with its senders, and goes back to them after some days. Please
            delete what you do not need any more, and empty the trash.

            """
        return Array(text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n").utf8)
    }
}
