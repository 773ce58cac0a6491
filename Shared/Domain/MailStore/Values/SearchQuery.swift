// SPDX-License-Identifier: Apache-2.0

/// A day of the calendar, for searches by date.
package struct SearchDay: Sendable, Hashable, Comparable {
    /// Days since 1970-01-01 (proleptic Gregorian).
    package var number: Int

    package init(number: Int) { self.number = number }

    /// Month 1…12, day 1…31 (not checked further: day 31 of a short month is the first of the next).
    package init(year: Int, month: Int, day: Int) {
        // Days from civil, by counting years from March.
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        number = era * 146_097 + dayOfEra - 719_468
    }

    package static func < (left: SearchDay, right: SearchDay) -> Bool { left.number < right.number }
}

/// A test of a day: `on` is equal, `before` earlier, `since` the same or later.
package enum DayTest: Sendable, Equatable {
    case before(SearchDay)
    case on(SearchDay)
    case since(SearchDay)

    func holds(_ day: Int) -> Bool {
        switch self {
        case .before(let limit): day < limit.number
        case .on(let wanted): day == wanted.number
        case .since(let limit): day >= limit.number
        }
    }
}

/// A search within one mailbox: all keys of RFC 9051 section 6.4.4, sequence sets resolved to UIDs by the caller.
///
/// Strings are matched as substrings, without case, after decoding of charsets, encoded words and transfer encodings,
/// in NFKC. FROM is `.header("From", …)`; NEW, OLD and RECENT are `.uids`; UNSEEN is `.not(.flags(.seen))`.
package indirect enum SearchQuery: Sendable, Equatable {
    case all
    case and([SearchQuery])
    case or(SearchQuery, SearchQuery)
    case not(SearchQuery)
    case uids(UIDSet)
    /// All of these are set.
    case flags(SystemFlags)
    case keyword(String)
    /// Octets, exclusive.
    case larger(Int)
    case smaller(Int)
    /// The internal date, in the zone it was told in (time and zone disregarded, as the RFC says).
    case internalDate(DayTest)
    /// The Date field. A message without a readable one has none and fails every test.
    case sentDate(DayTest)
    /// The field (name without colon) holds the text; an empty text asks only that the field is there.
    case header(String, String)
    /// The text of the body: text parts and names of attachments, HTML without its tags.
    case body(String)
    /// The header or the body.
    case text(String)
    /// Modseq is this or higher (RFC 7162 section 3.1.5).
    case modseq(atLeast: UInt64)
}

/// Ascending UIDs, with the state of the mailbox they were found in.
package struct SearchResult: Sendable {
    package var state: MailboxState
    package var uids: [UInt32]
    /// Highest modseq among the found; 0 when none was.
    package var highestModseq: UInt64
}
