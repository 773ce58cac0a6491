// SPDX-License-Identifier: Apache-2.0

import Accounts
import MailFlow

/// Until `MailAuthentication` is there: says that no authentication was done (`none`, RFC 8601 section 2.2) and refuses
/// nothing. SPF, DKIM and DMARC are NOT checked.
struct NoJudge: Judge {
    let hostname: String

    func judge(_ message: IncomingMessage) async -> Judgement {
        Judgement(field: "Authentication-Results: \(hostname); none\r\n", rejectedBy: nil)
    }
}
