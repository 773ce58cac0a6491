// SPDX-License-Identifier: Apache-2.0
import MailStore

/// NO or BAD with its code: the one place where errors of the store become words of IMAP (RFC 9051 section 7.1).
struct Refusal: Error {
    let text: String

    init(no text: String, code: String? = nil) { self.text = "NO \(code.map { "[\($0)] " } ?? "")\(text)" }
    init(bad text: String) { self.text = "BAD \(text)" }

    /// - Parameter isTarget: of APPEND, COPY, MOVE, where a missing mailbox may be made by the client.
    init(_ error: StoreError, isTarget: Bool = false) {
        switch error {
        case .noSuchMailbox:
            self.init(no: "there is no such mailbox", code: isTarget ? "TRYCREATE" : "NONEXISTENT")
        case .mailboxExists: self.init(no: "the mailbox is there already", code: "ALREADYEXISTS")
        case .invalidMailboxName(let why): self.init(no: why, code: "CANNOT")
        case .inboxIsFixed: self.init(no: "INBOX stays", code: "CANNOT")
        case .hasChildren: self.init(no: "it has mailboxes below it", code: "HASCHILDREN")
        case .limit: self.init(no: "a limit of the account is reached", code: "LIMIT")
        case .messageTooLarge(let limit): self.init(no: "a message has at most \(limit) bytes", code: "TOOBIG")
        case .overQuota: self.init(no: "the account has no room for it; delete something first", code: "OVERQUOTA")
        case .invalidKeyword(let keyword):
            self.init(bad: "\(keyword.filter { $0.isASCII && !$0.isNewline }) is no flag")
        case .noSuchBody: self.init(no: "the message is gone", code: "EXPUNGEISSUED")
        case .diskFull: self.init(no: "the disk is full", code: "OVERQUOTA")
        case .busy, .cancelled, .closed, .moved, .keyUnavailable, .unavailable, .damaged, .tooNew, .noSuchAccount,
            .accountExists:
            self.init(no: "the mailbox cannot be reached just now", code: "UNAVAILABLE")
        }
    }
}
