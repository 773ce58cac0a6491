// SPDX-License-Identifier: Apache-2.0

/// All bounds of the store in one place. The defaults are generous for people and tight for machines.
package struct StoreLimits: Sendable {
    /// Bytes of one message.
    package var messageBytes = 64 * 1024 * 1024
    /// Mailboxes of one account.
    package var mailboxes = 5000
    /// Subscribed names of one account (they may outlive their mailbox).
    package var subscriptions = 10_000
    /// Keys of one search, counted through the whole tree.
    package var searchKeys = 500
    /// Bytes of folded text of one message that are indexed; what is beyond is searched by reading the message.
    package var indexedTextBytes = 256 * 1024
    /// Messages, and bytes of them, that may wait for the search index, give or take 64 messages or 8 MiB for each
    /// process. Beyond, deliveries wait for it.
    package var unindexedMessages = 512
    package var unindexedBytes = 32 * 1024 * 1024
    /// Seconds for which the bytes of an expunged message stay readable by sessions that are still sending them: longer than the
    /// slowest client takes that is not given up, for the largest message.
    package var bodyGraceSeconds = 4 * 3600
    /// Messages that one transaction of STORE, COPY, MOVE or EXPUNGE changes; with more, others get their turn in between.
    package var changedAtOnce = 5000
    /// Changes (each at a modseq of its own) for which a mailbox remembers one by one what went. Of older ones it remembers what
    /// went, as of the latest of them.
    package var expungesRemembered = 4096
    /// Days for which delivery keys are remembered: longer than the spool tries.
    package var deliveryKeyDays = 30

    /// Keywords of one mailbox: they are bits of one integer beside the system flags.
    package static let keywordsPerMailbox = KeywordTable.capacity
    /// Bytes of a keyword.
    package static let keywordBytes = 100
    /// UTF-8 bytes of a whole mailbox name.
    package static let mailboxNameBytes = 1000
    /// UTF-8 bytes of one level of a mailbox name.
    package static let mailboxLevelBytes = 255
    /// Levels of a mailbox name.
    package static let mailboxDepth = 32
    /// Most bytes that one `read` returns: a reader loops, and holds no transaction between two reads.
    package static let readBytes = 1024 * 1024
    /// Bytes that headers and structures of one `metadata` call take in memory, give or take its last message: a
    /// header of `readBytes`, a structure of 10,000 parts.
    package static let metadataBytes = 4 * 1024 * 1024

    package init() {}
}
