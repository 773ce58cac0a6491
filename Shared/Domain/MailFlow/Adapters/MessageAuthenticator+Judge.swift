// SPDX-License-Identifier: Apache-2.0

import DNSClient
import MailAuthentication

extension MessageAuthenticator: Judge {
    package func judge(_ message: IncomingMessage) async -> Judgement {
        // A link-local address has its zone behind it.
        let address = message.client.address.prefix { $0 != "%" }
        let client = IPAddress(parsing: address) ?? .unspecified
        let session = Session(client: client, helo: message.client.name, reversePath: message.reversePath)
        let verdict = await check(message.content, session)
        return Judgement(field: verdict.field, rejectedBy: verdict.rejectedBy)
    }
}
