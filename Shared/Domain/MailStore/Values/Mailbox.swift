// SPDX-License-Identifier: Apache-2.0

/// A mailbox as long as it lives: kept through a rename, never given to another.
package struct MailboxID: RawRepresentable, Hashable, Sendable {
    package let rawValue: Int64
    package init(rawValue: Int64) { self.rawValue = rawValue }
}

/// Special use of a mailbox (RFC 6154); a mailbox has one or none.
package enum SpecialUse: String, Sendable, CaseIterable {
    case drafts, sent, archive, junk, trash, all, flagged
}

/// What tells whether a mailbox changed: equal states mean that nothing did. One row is read for it.
package struct MailboxState: Sendable, Equatable {
    package var uidValidity: UInt32
    /// The UID that the next message will get.
    package var uidNext: UInt32
    /// Modseq of the latest change in the mailbox (HIGHESTMODSEQ, RFC 7162); at least 1.
    package var highestModseq: UInt64

    package init(uidValidity: UInt32, uidNext: UInt32, highestModseq: UInt64) {
        self.uidValidity = uidValidity
        self.uidNext = uidNext
        self.highestModseq = highestModseq
    }
}

/// The figures of STATUS (RFC 9051 section 6.3.11); kept with the mailbox, so this costs one row whatever its size.
package struct MailboxStatus: Sendable, Equatable {
    package var state: MailboxState
    package var messages: Int
    package var unseen: Int
    package var deleted: Int
    /// Bytes of all messages.
    package var size: Int
    /// Bytes of the messages with `\Deleted`: what EXPUNGE gives back.
    package var deletedSize: Int
    /// Messages that no session was the first to be told of (IMAP4rev1 only).
    package var recent: Int
}

/// One name of `AccountStore.list()`.
package struct MailboxListing: Sendable {
    package var name: MailboxName
    /// Nil where the name exists only as a parent of others, or only as a subscription: `\NonExistent`.
    package var id: MailboxID?
    package var specialUse: SpecialUse?
    package var isSubscribed: Bool
    package var hasChildren: Bool
    /// Nil when `id` is.
    package var status: MailboxStatus?
}
