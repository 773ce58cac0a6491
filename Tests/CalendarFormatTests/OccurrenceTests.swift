// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import CalendarFormat

/// Whether an event touches a time: RFC 4791 section 9.9 and what repeats.
@Suite struct OccurrenceTests {
    private static let seoul =
        "BEGIN:VTIMEZONE\nTZID:Seoul\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0900\nTZOFFSETTO:+0900\n"
        + "END:STANDARD\nEND:VTIMEZONE\n"

    private func touches(
        _ events: [String], _ start: String, _ end: String, kind: String = "VEVENT", steps: Int = 50_000
    ) throws -> Bool {
        let inside = events.map { "BEGIN:\(kind)\nUID:u\n\($0)\nEND:\(kind)\n" }.joined()
        let text = "BEGIN:VCALENDAR\nVERSION:2.0\n\(Self.seoul)\(inside)END:VCALENDAR\n"
        let object = try CalendarObject(parsing: Array(text.utf8))
        let range = try #require(CalendarTime(start)).seconds..<(try #require(CalendarTime(end)).seconds)
        var budget = ExpansionBudget(steps: steps)
        let found = object.calendar.components.contains { $0.name == kind && object.touches($0, range, &budget) }
        // What the store looks at first never hides what is there.
        let (first, last) = object.span
        if found { #expect(first ?? .min < range.upperBound && last ?? .max >= range.lowerBound) }
        return found
    }

    private func touches(_ event: String, _ start: String, _ end: String) throws -> Bool {
        try touches([event], start, end)
    }

    @Test(arguments: [
        ("DTSTART:20260601T090000Z\nDTEND:20260601T100000Z", "20260601T100000Z", "20260601T110000Z", false),
        ("DTSTART:20260601T090000Z\nDTEND:20260601T100000Z", "20260601T080000Z", "20260601T090000Z", false),
        ("DTSTART:20260601T090000Z\nDTEND:20260601T100000Z", "20260601T095959Z", "20260601T110000Z", true),
        ("DTSTART:20260601T090000Z\nDURATION:P90D", "20260801T000000Z", "20260802T000000Z", true),
        ("DTSTART:20260601T090000Z\nDURATION:P90D", "20261001T000000Z", "20261002T000000Z", false),
        ("DTSTART:20260601T090000Z", "20260601T090000Z", "20260601T090001Z", true),
        ("DTSTART:20260601T090000Z", "20260601T090001Z", "20260602T000000Z", false),
        // Of days, whatever the zone of whoever looks.
        ("DTSTART;VALUE=DATE:20260601", "20260601T120000Z", "20260601T130000Z", true),
        ("DTSTART;VALUE=DATE:20260601", "20260531T100000Z", "20260531T110000Z", true),
        ("DTSTART;VALUE=DATE:20260601", "20260603T000000Z", "20260604T000000Z", false),
        // By its own zone: nine hours before UTC.
        ("DTSTART;TZID=Seoul:20260601T090000\nDURATION:PT1H", "20260601T000000Z", "20260601T010000Z", true),
        ("DTSTART;TZID=Seoul:20260601T090000\nDURATION:PT1H", "20260601T010000Z", "20260602T000000Z", false),
        ("DTSTART;TZID=Unknown:20260601T090000\nDURATION:PT1H", "20260601T180000Z", "20260601T190000Z", true),
        // Repeats.
        (
            "DTSTART;TZID=Seoul:20200106T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY", "20300107T000000Z",
            "20300107T003000Z", true
        ),
        (
            "DTSTART;TZID=Seoul:20200106T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY", "20300107T010000Z",
            "20300113T000000Z", false
        ),
        ("DTSTART:19500704T000000Z\nDURATION:P1D\nRRULE:FREQ=YEARLY", "20990704T120000Z", "20990704T130000Z", true),
        ("DTSTART:20200106T090000Z\nRRULE:FREQ=DAILY;COUNT=3", "20200108T090000Z", "20200108T100000Z", true),
        ("DTSTART:20200106T090000Z\nRRULE:FREQ=DAILY;COUNT=3", "20200109T000000Z", "20300101T000000Z", false),
        (
            "DTSTART:20200106T090000Z\nRRULE:FREQ=DAILY;UNTIL=20200108T090000Z", "20200108T000000Z", "20200109T000000Z",
            true
        ),
        (
            "DTSTART:20200106T090000Z\nRRULE:FREQ=DAILY;UNTIL=20200108T090000Z", "20200109T000000Z", "20210101T000000Z",
            false
        ),
        (
            "DTSTART;TZID=Seoul:20200106T090000\nRRULE:FREQ=DAILY;UNTIL=20200108T000000Z", "20200108T000000Z",
            "20200108T010000Z", true
        ),
        ("DTSTART;VALUE=DATE:20200106\nRRULE:FREQ=DAILY;UNTIL=20200108", "20200108T120000Z", "20200108T130000Z", true),
        // Counted, and reached at once.
        (
            "DTSTART:20200101T000000Z\nRRULE:FREQ=SECONDLY;COUNT=1000000000", "20510908T014600Z", "20510908T014640Z",
            true
        ),
        (
            "DTSTART:20200101T000000Z\nRRULE:FREQ=SECONDLY;COUNT=1000000000", "20510909T014640Z", "20510910T000000Z",
            false
        ),
        ("DTSTART:20200101T000000Z\nRRULE:FREQ=WEEKLY;COUNT=1000", "20390223T000000Z", "20390224T000000Z", true),
        ("DTSTART:20200101T000000Z\nRRULE:FREQ=WEEKLY;COUNT=1000", "20390302T000000Z", "20390303T000000Z", false),
        // A long recurrence that began before.
        ("DTSTART:20200101T000000Z\nDURATION:P20D\nRRULE:FREQ=MONTHLY", "20300118T000000Z", "20300119T000000Z", true),
        (
            "DTSTART:20260601T090000Z\nRDATE:20250101T090000Z,20270101T090000Z", "20250101T000000Z", "20250102T000000Z",
            true
        ),
        (
            "DTSTART:20260601T090000Z\nRDATE:20250101T090000Z,20270101T090000Z", "20270101T000000Z", "20270102T000000Z",
            true
        ),
        (
            "DTSTART:20260601T090000Z\nRDATE;VALUE=PERIOD:20270101T000000Z/P2D", "20270102T120000Z", "20270102T130000Z",
            true
        ),
        (
            "DTSTART:20260601T090000Z\nRDATE;VALUE=PERIOD:20270101T000000Z/20270103T000000Z", "20270102T120000Z",
            "20270102T130000Z", true
        ),
        (
            "DTSTART:20200106T090000Z\nRRULE:FREQ=DAILY\nEXDATE:20200108T090000Z", "20200108T000000Z",
            "20200109T000000Z", false
        ),
        (
            "DTSTART:20200106T090000Z\nRRULE:FREQ=DAILY\nEXDATE:20200106T090000Z", "20200106T000000Z",
            "20200107T000000Z", false
        ),
        (
            "DTSTART;TZID=Seoul:20200106T090000\nRRULE:FREQ=DAILY\nEXDATE:20200108T000000Z", "20200108T000000Z",
            "20200108T010000Z", false
        ),
        // Of what cannot be read, nothing is lost.
        ("DTSTART:2026-08-01T09:00:00\nCREATED:20200101T000000Z", "20260801T000000Z", "20260802T000000Z", true),
        ("SUMMARY:never", "20260801T000000Z", "20260802T000000Z", true),
        ("DTSTART:20260601T090000Z\nDTEND:junk", "20260801T000000Z", "20260802T000000Z", true),
        ("DTSTART:20260601T090000Z\nRRULE:RSCALE=HEBREW;FREQ=YEARLY", "20300801T000000Z", "20300802T000000Z", true),
        ("DTSTART:20260601T090000Z\nRDATE:someday", "20250801T000000Z", "20250802T000000Z", true),
        (
            "DTSTART:20200101T000000Z\nRRULE:FREQ=SECONDLY;COUNT=1000000000", "20400101T000000Z", "20400102T000000Z",
            true
        ),
    ])
    func anEventTouchesATime(event: String, start: String, end: String, isThere: Bool) throws {
        #expect(try touches(event, start, end) == isThere)
    }

    @Test func aRecurrenceThatWasMovedIsWhereItIsNow() throws {
        let events = [
            "DTSTART:20260105T090000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY",
            "RECURRENCE-ID:20260112T090000Z\nDTSTART:20251224T090000Z\nDURATION:PT1H",
        ]
        #expect(try touches(events, "20260112T000000Z", "20260113T000000Z") == false)
        #expect(try touches(events, "20251224T000000Z", "20251225T000000Z"))
        #expect(try touches(events, "20260119T000000Z", "20260120T000000Z"))
        let following = [events[0], "RECURRENCE-ID;RANGE=THISANDFUTURE:20260112T090000Z\nDTSTART:20260113T090000Z"]
        #expect(try touches(following, "20260120T000000Z", "20260121T000000Z"))
    }

    /// Each of these would cost minutes; each is found, as far as it could be read.
    @Test(arguments: [
        String(repeating: "RRULE:FREQ=SECONDLY;COUNT=1000000000\n", count: 50_000),
        String(repeating: "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\n", count: 50_000),
        "RDATE:" + Array(repeating: "20300101T000000Z", count: 100_000).joined(separator: ",") + "\n",
        "RRULE:FREQ=DAILY\nEXDATE:" + Array(repeating: "20300101T000000Z", count: 100_000).joined(separator: ",")
            + "\n",
        String(
            repeating: "END:VEVENT\nBEGIN:VEVENT\nUID:u\nRECURRENCE-ID:20300101T000000Z\nDTSTART:20200101T000000Z\n"
                + "END:VEVENT\nBEGIN:VEVENT\nUID:u\nDTSTART:20200101T000000Z\n", count: 4_000),
    ])
    func hostileObjectsEnd(lines: String) throws {
        #expect(try touches(["DTSTART:20200101T000000Z\n\(lines)"], "20990101T000000Z", "20990102T000000Z"))
    }

    @Test func tasksGoOnUntilTheyAreDue() throws {
        func task(_ lines: String, _ start: String, _ end: String) throws -> Bool {
            try touches([lines], start, end, kind: "VTODO")
        }
        #expect(try task("DTSTART:20260104T100000Z", "20300101T000000Z", "20300102T000000Z"))
        #expect(try task("DTSTART:20260104T100000Z\nDUE:20260105T100000Z", "20260104T120000Z", "20260104T130000Z"))
        #expect(try !task("DTSTART:20260104T100000Z\nDUE:20260105T100000Z", "20260106T120000Z", "20260107T130000Z"))
        #expect(try task("DUE:20260105T100000Z", "20200106T120000Z", "20200107T130000Z"))
    }
}
