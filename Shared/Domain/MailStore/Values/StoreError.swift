// SPDX-License-Identifier: Apache-2.0

/// Why a store operation failed. Every operation of `AccountDirectory` and `AccountStore` throws only this.
///
/// A failed operation changed nothing: each is one transaction. `isTemporary` says whether the same call may succeed
/// later (SMTP 4xx, spool retry; IMAP NO [UNAVAILABLE]) or never will (5xx, NO).
package enum StoreError: Error, Equatable, Sendable {
    // Permanent: about what was asked.
    /// There is no file of that account here.
    case noSuchAccount
    /// `create` found a file already.
    case accountExists
    /// The mailbox is not there (any more). IMAP: NO [TRYCREATE] for APPEND/COPY/MOVE, else NO [NONEXISTENT].
    case noSuchMailbox
    /// IMAP: NO [ALREADYEXISTS].
    case mailboxExists
    /// A name that may not be: the text says what is wrong with it. IMAP: NO [CANNOT].
    case invalidMailboxName(String)
    /// INBOX can be neither deleted nor created. IMAP: NO [CANNOT].
    case inboxIsFixed
    /// A name that exists only as the parent of others can not be deleted before them. IMAP: NO [HASCHILDREN].
    case hasChildren
    /// A bound of `StoreLimits` was met. IMAP: NO [LIMIT].
    case limit(StoreLimit)
    /// SMTP 552 5.3.4, IMAP NO [TOOBIG].
    case messageTooLarge(limit: Int)
    /// The account would hold more than its quota. SMTP 452 4.2.2, IMAP NO [OVERQUOTA], DAV 507.
    case overQuota
    /// A keyword that is empty, too long or has other than atom characters. IMAP: BAD.
    case invalidKeyword(String)
    /// The body is not there: never was, or was swept after its grace period.
    case noSuchBody

    // Temporary: about the machine or the moment.
    /// Another writer held the file longer than the busy timeout.
    case busy
    /// The disk is full, or has no more than the reserve (`SealedSQLite.DiskRoom`). SMTP 452.
    case diskFull
    /// The key cannot be had just now (closed account, key folder unreadable).
    case keyUnavailable
    /// Reading or writing failed for another reason (the text is for the log, not for peers).
    case unavailable(String)
    /// The file lost its name before the operation was begun: the account was keyed anew, or removed. `AccountDirectory`
    /// begins again with the file that is in place then; a caller meets it only when that happens again and again.
    case moved
    /// The directory has been closed: the service is stopping.
    case closed
    /// The task was cancelled before the operation was done.
    case cancelled

    // Needs an operator; mail for such an account is kept and tried again, so it counts as temporary.
    /// A page failed its check, or the file cannot be opened with its key.
    case damaged
    /// A newer release wrote the file and this one is too old for it.
    case tooNew

    package var isTemporary: Bool {
        switch self {
        case .busy, .diskFull, .keyUnavailable, .unavailable, .moved, .closed, .cancelled, .damaged, .tooNew: true
        default: false
        }
    }
}

/// The bound that was met; see `StoreLimits`.
package enum StoreLimit: Sendable, Equatable {
    case mailboxes, keywords, subscriptions, searchKeys, uids, messages
}
