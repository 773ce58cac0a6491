// SPDX-License-Identifier: Apache-2.0
import Accounts
import MailStore

/// INBOX as it was at login (RFC 1939 section 4): numbers stay, whatever other sessions do. Deleted ones are only
/// marked.
struct Maildrop {
    let account: AccountID
    let store: AccountStore
    private let mailbox: MailboxID
    private let messages: [MaildropItem]
    private var deleted: Set<Int> = []

    init(account: AccountID, store: AccountStore) async throws {
        self.account = account
        self.store = store
        (mailbox, messages) = try await store.maildrop()
    }

    /// Of messages that are not marked; `size` in bytes as they are stored.
    var count: Int { messages.count - deleted.count }
    var size: Int { present.reduce(0) { $0 + $1.1.size } }

    /// Number and message of those that are not marked.
    var present: some Sequence<(Int, MaildropItem)> {
        messages.enumerated().lazy.map { ($0.offset + 1, $0.element) }.filter { !deleted.contains($0.0) }
    }

    /// `nil`: there is none, or it is marked.
    subscript(number: Int) -> MaildropItem? {
        messages.indices.contains(number - 1) && !deleted.contains(number) ? messages[number - 1] : nil
    }

    mutating func mark(_ number: Int) { deleted.insert(number) }
    mutating func unmark() { deleted = [] }

    /// Removes what is marked; on disk when it returns. How many went (another session may have been first).
    func remove() async throws(StoreError) -> Int {
        guard !deleted.isEmpty else { return 0 }
        return try await store.expunge(UIDSet(deleted.map { messages[$0 - 1].uid }), in: mailbox).uids.count
    }
}
