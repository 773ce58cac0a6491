// SPDX-License-Identifier: Apache-2.0

import MailFlow
import SASLMechanisms
import SMTPGrammar

/// What a session asks of the rest of the server; one value for each connection. It never throws: what cannot be found
/// out is a verdict of its own.
package protocol SessionBackend: Sendable {
    func check(_ credentials: SASLCredentials) async -> LoginVerdict
    /// Whether the login may send as this address; nil: cannot be found out just now.
    func owns(_ sender: SMTPMailbox, _ login: Login) async -> Bool?
    /// `mayRelay`: the client logged in and may send to other domains. `size`: octets of the message, as MAIL announced.
    func resolve(_ path: ForwardPath, mayRelay: Bool, size: Int?) async -> RecipientVerdict
    func accept(_ message: FinishedMessage) async -> AcceptVerdict
}
