// SPDX-License-Identifier: Apache-2.0
import IMAPGrammar
import MailStore

/// GETQUOTA, GETQUOTAROOT (RFC 9208 sections 4.1.1 and 4.1.2).
///
/// An account with a limit has one quota root for all its mailboxes, with STORAGE alone; one without has none.
extension IMAPSession {
    private static let root = "Account"

    func quota(_ tag: String, _ store: AccountStore, root: String) async throws {
        let use = try await store.use()
        guard root == Self.root, use.limit != nil else {
            throw Refusal(no: "there is no such root", code: "NONEXISTENT")
        }
        tell(use)
        ok(tag, "done")
    }

    func quotaRoot(_ tag: String, _ store: AccountStore, of name: String) async throws {
        let mailbox = try MailboxName(name)
        _ = try await store.mailbox(named: mailbox)
        let use = try await store.use()
        out.raw("* QUOTAROOT ")
        out.mailbox(mailbox.path, isUTF8: isRev2)
        out.line(use.limit == nil ? "" : " \(Self.root)")
        tell(use)
        ok(tag, "done")
    }

    private func tell(_ use: StorageUse) {
        guard let limit = use.limit else { return }
        out.line("* QUOTA \(Self.root) (STORAGE \(Self.units(use.bytes)) \(Self.units(limit)))")
    }

    /// STORAGE is counted in 1,024 octets (RFC 9208 section 5.1); what has begun counts.
    static func units(_ bytes: Int) -> Int { (bytes + 1_023) / 1_024 }
}
