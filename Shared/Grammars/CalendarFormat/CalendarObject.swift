// SPDX-License-Identifier: Apache-2.0

/// Why bytes may not be kept in a calendar (RFC 4791 section 5.3.2.1).
package enum CalendarObjectError: Error, Equatable, Sendable {
    /// `valid-calendar-data`: no iCalendar at all.
    case notCalendarData(String)
    /// `valid-calendar-object-resource`: iCalendar, but not one event or task with what belongs to it.
    case notAnObject(String)
}

/// An event, task, journal entry or free-busy time, as one resource of a calendar holds it: all its recurrences and
/// their time zones (RFC 4791 section 4.1). The bytes themselves are kept as they came; this is what they say.
package struct CalendarObject: Equatable, Sendable {
    package static let kinds = ["VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY"]

    /// The whole VCALENDAR.
    package let calendar: Component
    package let uid: String
    /// `VEVENT` and so on.
    package let kind: String
    /// When any of it is, in seconds since 1970 and wide enough for every time zone. A start of nil: at any time, as
    /// far as is known; an end of nil: without one, or of what repeats, which is not computed.
    package let span: (start: Int64?, end: Int64?)

    package init(parsing bytes: [UInt8]) throws(CalendarObjectError) {
        // Reports carry it inside XML.
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .notCalendarData("no UTF-8") }
        let roots: [Component]
        do { roots = try Component.all(in: bytes) } catch { throw .notCalendarData(error.description) }
        guard let calendar = roots.first, calendar.name == "VCALENDAR" else {
            throw .notCalendarData("a VCALENDAR is missing")
        }
        guard roots.count == 1 else { throw .notAnObject("more than one VCALENDAR") }
        guard calendar["METHOD"] == nil else { throw .notAnObject("METHOD is for messages") }
        let parts = calendar.components.filter { $0.name != "VTIMEZONE" }
        guard let first = parts.first else { throw .notAnObject("nothing but time zones") }
        guard Self.kinds.contains(first.name) else {
            throw .notAnObject("\(first.name.prefix(40)) is no kind of object")
        }
        guard parts.allSatisfy({ $0.name == first.name }) else { throw .notAnObject("components of several kinds") }
        guard let uid = first["UID"]?.text, !uid.isEmpty else { throw .notAnObject("UID is missing") }
        guard parts.allSatisfy({ $0["UID"]?.text == uid }) else { throw .notAnObject("components of several UIDs") }
        self.calendar = calendar
        self.uid = uid
        kind = first.name
        span = Self.span(of: parts)
    }

    package static func == (left: CalendarObject, right: CalendarObject) -> Bool { left.calendar == right.calendar }

    /// No time zone is further from UTC.
    private static let zoneMargin: Int64 = 15 * 3_600

    private static func span(of parts: [Component]) -> (Int64?, Int64?) {
        var (start, end) = (Int64.max, Int64.min)
        var isOpen = false
        for part in parts {
            // A task without a start reaches back without end, one that is not due goes on (RFC 4791 section 9.9).
            guard part["DTSTART"] != nil || part.name == "VFREEBUSY" else { return (nil, nil) }
            isOpen = isOpen || openers.contains { part[$0] != nil } || part.name == "VTODO" && part["DUE"] == nil
            for time in bounds.compactMap({ part[$0] }).compactMap({ CalendarTime($0.value) }) {
                let margin = time.isUTC ? 0 : zoneMargin
                start = min(start, time.seconds - margin)
                end = max(end, time.seconds + time.length + margin)
            }
        }
        return start > end ? (nil, nil) : (start, isOpen ? nil : end)
    }

    private static let bounds = ["DTSTART", "DTEND", "DUE", "COMPLETED", "CREATED", "RECURRENCE-ID"]
    /// With one of these it lasts longer than `bounds` say.
    private static let openers = ["RRULE", "RDATE", "DURATION", "FREEBUSY"]
}
