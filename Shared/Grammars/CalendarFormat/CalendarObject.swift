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
    /// When any of it is, recurrences included, in seconds since 1970 and wide enough for the time zone. A start of nil:
    /// at any time, as far as is known; an end of nil: without one, or too far to compute.
    package let span: (start: Int64?, end: Int64?)
    private let zones: ZoneOffsets
    /// Each RECURRENCE-ID.
    private let moved: [ContentLine]
    /// For the span, which is computed once, when the object is stored.
    private static let spanSteps = 20_000

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
        let zones = ZoneOffsets(calendar)
        self.zones = zones
        moved = parts.compactMap { $0["RECURRENCE-ID"] }
        span = Self.span(of: parts, moved, zones)
    }

    package static func == (left: CalendarObject, right: CalendarObject) -> Bool { left.calendar == right.calendar }

    /// Of all parts together; nil where one is open.
    private static func span(
        of parts: [Component], _ moved: [ContentLine], _ zones: ZoneOffsets
    ) -> (Int64?, Int64?) {
        var budget = ExpansionBudget(steps: spanSteps)
        var (start, end): (Int64?, Int64?) = (.max, .min)
        for part in parts {
            let span = Occurrences(part, moved: moved, zones, &budget)?.span(&budget)
            start = if let a = start, let b = span?.start { min(a, b) } else { nil }
            end = if let a = end, let b = span?.end { max(a, b) } else { nil }
        }
        return (start, end)
    }

    /// Whether `part` of this object, or one of its recurrences, touches a time (RFC 4791 section 9.9), in seconds since
    /// 1970. Where that cannot be told (no start, a rule that is not known, a budget that is spent), it does.
    package func touches(_ part: Component, _ range: Range<Int64>, _ budget: inout ExpansionBudget) -> Bool {
        Occurrences(part, moved: moved, zones, &budget)?.touch(range, &budget) ?? true
    }

    /// Whether the time that a property of this object holds lies in `range`; a value that is no time does.
    package func lies(_ line: ContentLine, in range: Range<Int64>) -> Bool {
        guard let time = CalendarTime(line.value) else { return true }
        return Occurrences.touches(time.seconds, time.length, zones.of(time, line), range)
    }
}
