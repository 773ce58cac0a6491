// SPDX-License-Identifier: Apache-2.0

import Accounts
import MailFlow
import MailFormat
import SASLMechanisms
import SMTPGrammar
import SMTPServer
import Synchronization

/// A small world for conversations: example.org with anna and bob. See Tests/Conversations/smtp/README.md.
final class TableBackend: SessionBackend {
    private static let anna = AccountID(String(repeating: "a", count: 32))!
    private static let bob = AccountID(String(repeating: "b", count: 32))!

    private let users: [String: (account: AccountID, password: String)] = [
        "anna@example.org": (anna, "secret-1"), "bob@example.org": (bob, "secret-2"),
    ]
    private let accepted = Mutex<[[UInt8]]>([])

    var messages: [[UInt8]] { accepted.withLock { $0 } }

    func check(_ credentials: SASLCredentials) async -> LoginVerdict {
        guard let user = users[credentials.login], user.password == credentials.password.text else { return .rejected }
        return .accepted(Login(account: user.account, name: credentials.login))
    }

    func owns(_ sender: SMTPMailbox, _ login: Login) async -> Bool? {
        users[sender.text]?.account == login.account
    }

    func resolve(_ path: ForwardPath, mayRelay: Bool, size: Int?) async -> RecipientVerdict {
        let text = path == .postmaster ? "anna@example.org" : path.text
        guard let address = MailAddress(parsing: text) else {
            return text.hasSuffix("@example.org") ? .unknown : .notHere
        }
        if address.domain != "example.org" {
            return mayRelay ? .accepted(Recipient(address: address, route: .remote)) : .notHere
        }
        switch text {
        case "busy@example.org": return .unavailable
        case "full@example.org": return .full
        case "nearly@example.org" where size ?? 1 > 100: return .full
        case "nearly@example.org": return .accepted(Recipient(address: address, route: .local([Self.bob])))
        case "list@example.org": return .accepted(Recipient(address: address, route: .local([Self.anna, Self.bob])))
        default:
            guard let user = users[text] else { return .unknown }
            return .accepted(Recipient(address: address, route: .local([user.account])))
        }
    }

    func accept(_ message: FinishedMessage) async -> AcceptVerdict {
        let content = message.content.take()
        let text = String(decoding: content, as: UTF8.self)
        if text.contains("REFUSE") { return .refused(.policy(domain: "example.com")) }
        if text.contains("FULL") { return .refused(.overQuota) }
        accepted.withLock { $0.append(content) }
        return .accepted(id: "test")
    }
}
