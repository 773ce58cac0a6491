// SPDX-License-Identifier: Apache-2.0

/// A mailbox at one moment, as columns: 20 bytes a message. What SELECT starts from; sequence number n is index n − 1.
package struct MailboxSnapshot: Sendable {
    package var id: MailboxID
    package var name: MailboxName
    package var state: MailboxState
    /// Messages with this UID or a higher one are `\Recent` to the session that claimed them (IMAP4rev1).
    package var firstRecentUID: UInt32
    package var keywords: KeywordTable
    package var messages: MessageColumns
    package var specialUse: SpecialUse?

    package var exists: Int { messages.count }
}

/// UIDs (ascending), packed flags and modseqs of some messages, in columns of equal length.
package struct MessageColumns: Sendable, Equatable {
    package var uids: [UInt32] = []
    /// Packed: read them with the `KeywordTable` that came along.
    package var flags: [UInt64] = []
    package var modseqs: [UInt64] = []

    package init() {}

    package var count: Int { uids.count }
    package var isEmpty: Bool { uids.isEmpty }

    /// The index of a UID, in O(log n).
    package func index(of uid: UInt32) -> Int? {
        let index = firstIndex(notBelow: uid)
        return index < uids.count && uids[index] == uid ? index : nil
    }

    /// The first index whose UID is `uid` or higher; `count` when there is none.
    package func firstIndex(notBelow uid: UInt32) -> Int {
        var low = 0
        var high = uids.count
        while low < high {
            let middle = (low + high) / 2
            if uids[middle] < uid { low = middle + 1 } else { high = middle }
        }
        return low
    }

    package mutating func append(uid: UInt32, flags: UInt64, modseq: UInt64) {
        uids.append(uid)
        self.flags.append(flags)
        modseqs.append(modseq)
    }

    /// All of them higher than what there is.
    mutating func append(_ more: MessageColumns) {
        uids += more.uids
        flags += more.flags
        modseqs += more.modseqs
    }

    package mutating func remove(at index: Int) {
        uids.remove(at: index)
        flags.remove(at: index)
        modseqs.remove(at: index)
    }

    mutating func reserve(_ count: Int) {
        uids.reserveCapacity(count)
        flags.reserveCapacity(count)
        modseqs.reserveCapacity(count)
    }
}

/// What happened in a mailbox since a `MailboxState`.
package struct MailboxChanges: Sendable {
    /// The state now: the `since` of the next call.
    package var state: MailboxState
    /// For the flags in `changed` and `new`.
    package var keywords: KeywordTable
    /// Messages that were known (UID below `since.uidNext`) and whose flags changed.
    package var changed: MessageColumns
    /// Messages that came (UID `since.uidNext` or higher) and are still there.
    package var new: MessageColumns
    /// UIDs below `since.uidNext` that went. May name UIDs that the caller never saw.
    package var expunged: UIDSet

    package var isEmpty: Bool { changed.isEmpty && new.isEmpty && expunged.isEmpty }
}
