// SPDX-License-Identifier: Apache-2.0

/// What was saved out of a damaged file, and what was not.
package struct SalvageReport: Sendable {
    /// What was lost is listed up to so many lines; those past it are counted.
    package static let lostListed = 10_000

    /// Messages in their mailboxes (copies count), and the bytes of all.
    package internal(set) var messages = 0
    package internal(set) var bytes = 0
    /// Messages whose mailbox is not known any more: they are in `Recovered`.
    package internal(set) var misplaced = 0
    /// Rows of calendars, contacts and everything else.
    package internal(set) var otherRows = 0
    /// Pages of 4,096 bytes that cannot be read, of how many.
    package internal(set) var unreadablePages = 0
    package internal(set) var pages = 0
    /// A line each: what it was, as far as that is known.
    package private(set) var lost: [String] = []
    package private(set) var lostLeftOut = 0

    package var isWhole: Bool { unreadablePages == 0 && lost.isEmpty }

    mutating func lose(_ what: String) {
        if lost.count < Self.lostListed { lost.append(what) } else { lostLeftOut += 1 }
    }
}
