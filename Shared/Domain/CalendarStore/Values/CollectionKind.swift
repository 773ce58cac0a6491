// SPDX-License-Identifier: Apache-2.0
import MailStore

/// Calendars hold iCalendar objects, address books hold vCards; otherwise they are alike.
package enum CollectionKind: Sendable, CaseIterable {
    case calendar
    case addressBook

    var collections: String { self == .calendar ? "calendars" : "address_books" }
    var objects: String { self == .calendar ? "calendar_objects" : "cards" }
    /// The column of `objects` that names the collection.
    var parent: String { self == .calendar ? "calendar" : "address_book" }
    var change: Int64 { self == .calendar ? ChangeKind.calendarObjects : ChangeKind.cards }
}
