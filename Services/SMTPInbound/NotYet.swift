// SPDX-License-Identifier: Apache-2.0

import Accounts
import MailFlow

// These two stand where rooms that are not built yet will be joined; they claim nothing that was not done.

/// Until `MailAuthentication` is there: says that no authentication was done (`none`, RFC 8601 section 2.2) and refuses
/// nothing. SPF, DKIM and DMARC are NOT checked.
struct NoJudge: Judge {
    let hostname: String

    func judge(_ message: IncomingMessage) async -> Judgement {
        Judgement(field: "Authentication-Results: \(hostname); none\r\n", rejectedBy: nil)
    }
}

/// Until `RedisStreams` is there: IMAP sessions find new mail by themselves, within a minute.
struct NoAnnouncer: Announcer {
    func changed(_ account: AccountID) {}
}
