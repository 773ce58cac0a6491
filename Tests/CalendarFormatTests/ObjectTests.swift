// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import CalendarFormat

@Suite struct ObjectTests {
    private func object(_ inside: String, around: String = "") throws -> CalendarObject {
        let text = "BEGIN:VCALENDAR\nVERSION:2.0\n\(around)\n\(inside)\nEND:VCALENDAR\n"
        return try CalendarObject(parsing: Array(text.utf8))
    }

    private func event(_ lines: String) -> String { "BEGIN:VEVENT\nUID:u\n\(lines)\nEND:VEVENT" }

    @Test func linesAreUnfolded() throws {
        let text = event(
            "DTSTART:20260104T100000Z\nSUMMARY;LANGUAGE=ko;X-A=\"a;b:c\",d^^^n^':One\\, two\\nth\n ree\\\\\\;")
        for end in ["\n", "\r\n", "\r", "\r\r\n"] {
            let whole = "\u{FEFF}BEGIN:VCALENDAR\n\(text)\n\nEND:VCALENDAR".replacing("\n", with: end)
            let summary = try #require(
                try CalendarObject(parsing: Array(whole.utf8)).calendar.components[0]["SUMMARY"])
            #expect(summary.text == "One, two\nthree\\;" && summary["LANGUAGE"] == "ko" && summary.number == 5)
            #expect(summary.parameters[1].values == ["a;b:c", "d^\n\""])
        }
    }

    /// RFC 5545 lets a fold stand inside a character, but such bytes cannot be told in XML.
    @Test func foldedInsideACharacterItIsRefused() throws {
        var bytes = Array("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\nSUMMARY:".utf8)
        for byte in "안녕".utf8 { bytes += [byte, 0x0D, 0x0A, 0x20] }
        bytes += Array("\r\nEND:VEVENT\nEND:VCALENDAR\n".utf8)
        #expect(throws: CalendarObjectError.notCalendarData("no UTF-8")) { try CalendarObject(parsing: bytes) }
    }

    @Test(arguments: [
        ("", "nothing but time zones"), ("BEGIN:VTIMEZONE\nTZID:A\nEND:VTIMEZONE", "nothing but time zones"),
        ("BEGIN:VALARM\nEND:VALARM", "VALARM is no kind of object"), ("BEGIN:VEVENT\nEND:VEVENT", "UID is missing"),
        ("BEGIN:VEVENT\nUID:1\nEND:VEVENT\nBEGIN:VEVENT\nUID:2\nEND:VEVENT", "components of several UIDs"),
        ("BEGIN:VEVENT\nUID:1\nEND:VEVENT\nBEGIN:VTODO\nUID:1\nEND:VTODO", "components of several kinds"),
        ("METHOD:REQUEST\nBEGIN:VEVENT\nUID:1\nEND:VEVENT", "METHOD is for messages"),
    ])
    func whatIsNoObjectIsSaid(inside: String, reason: String) {
        #expect(throws: CalendarObjectError.notAnObject(reason)) { try object(inside) }
    }

    @Test(arguments: [
        "", "text", "BEGIN:VCARD\nFN:x\nEND:VCARD", "BEGIN:VCALENDAR", "BEGIN:VCALENDAR\nEND:VEVENT",
        "X:1\nBEGIN:VCALENDAR",
        "BEGIN:VCALENDAR\nno colon\nEND:VCALENDAR", "BEGIN:VCALENDAR\n:x\nEND:VCALENDAR",
        String(repeating: "BEGIN:A\n", count: 100),
        "BEGIN:VCALENDAR\n\(String(repeating: "X\n", count: 10))END:VCALENDAR",
    ])
    func whatIsNoCalendarIsSaid(text: String) {
        #expect {
            try CalendarObject(parsing: Array(text.utf8))
        } throws: {
            if case .notCalendarData? = $0 as? CalendarObjectError { true } else { false }
        }
    }

    @Test func hostileSizesEnd() throws {
        let many = String(repeating: "BEGIN:VALARM\nEND:VALARM\n", count: CalendarLimits.components)
        #expect(throws: CalendarObjectError.self) { try object(event(many)) }
        let parameters = (0...CalendarLimits.parameters).map { ";P\($0)=1" }.joined()
        #expect(throws: CalendarObjectError.self) { try object(event("X\(parameters):1")) }
        let lines = String(repeating: "X:1\n", count: CalendarLimits.lines)
        #expect(throws: CalendarObjectError.self) { try object(event(lines)) }
        let folds = "X:" + String(repeating: "\n ", count: 100_000)
        _ = try object(event(folds))
    }

    @Test(
        arguments: [
            ("DTSTART:20260104T100000Z\nDTEND:20260104T110000Z", 1_767_520_800, 1_767_524_400),
            // Dates and local times are somewhere: 15 hours more on both sides.
            ("DTSTART;VALUE=DATE:20260104", 1_767_484_800 - 54_000, 1_767_484_800 + 86_400 + 54_000),
            ("DTSTART;TZID=A:20260104T100000", 1_767_520_800 - 54_000, 1_767_520_800 + 54_000),
            ("DTSTART:20260104T100000Z\nDURATION:PT1H", 1_767_520_800, 1_767_524_400),
            ("DTSTART:20260104T100000Z\nRRULE:FREQ=DAILY;COUNT=2", 1_767_520_800, 1_767_607_200),
            ("DTSTART:20260104T100000Z\nRRULE:FREQ=SECONDLY;COUNT=99999999", 1_767_520_800, 1_867_520_798),
            ("DTSTART:20260104T100000Z\nRRULE:FREQ=WEEKLY;INTERVAL=1000000;COUNT=1000000000", 1_767_520_800, nil),
            ("DTSTART:20260104T100000Z\nRRULE:FREQ=SECONDLY;BYDAY=SU;COUNT=99999999", 1_767_520_800, nil),
            ("DTSTART:20260104T100000Z\nRRULE:FREQ=MONTHLY;COUNT=2", 1_767_520_800, 1_770_199_200),
            ("DTSTART:20260104T100000Z\nRDATE:20260103T100000Z", 1_767_434_400, 1_767_520_800),
            ("DTSTART:20260104T100000Z\nRRULE:FREQ=DAILY", 1_767_520_800, nil), ("SUMMARY:x", nil, nil),
            ("DTSTART:00000000T000000Z", nil, nil), ("DTSTART:99991231T235959Z", 253_402_300_799, 253_402_300_799),
        ] as [(String, Int64?, Int64?)])
    func aSpanHoldsAllOfIt(lines: String, start: Int64?, end: Int64?) throws {
        let span = try object(event(lines)).span
        #expect(span.start == start && span.end == end)
    }

    @Test func aTaskHasAllTimeThatItDoesNotSay() throws {
        func task(_ lines: String) throws -> (start: Int64?, end: Int64?) {
            try object("BEGIN:VTODO\nUID:u\n\(lines)\nEND:VTODO").span
        }
        #expect(try task("DUE:20260104T100000Z") == (nil, nil))
        #expect(try task("DTSTART:20260104T100000Z") == (1_767_520_800, nil))
        #expect(try task("DTSTART:20260104T100000Z\nDUE:20260104T110000Z") == (1_767_520_800, 1_767_524_400))
    }

    @Test func cards() throws {
        func card(_ text: String) throws -> Card { try Card(parsing: Array(text.utf8)) }
        let found = try card(
            "BEGIN:VCARD\nVERSION:3.0\nFN:Anna Kim\nUID:u\nitem1.EMAIL;TYPE=HOME:Anna@Example.org\nEND:VCARD\n")
        #expect(found.uid == "u" && found.searchableText == "anna kim\nanna@example.org")
        #expect(found.card["EMAIL"]?.group == "item1")
        let old = try card(
            "BEGIN:VCARD\nVERSION:2.1\nN:Kim\nTEL;HOME;VOICE:1\nNOTE;ENCODING=QUOTED-PRINTABLE:a=0D=\n=0Ab\nEND:VCARD")
        #expect(old.uid == nil && old.card["TEL"]?.parameters.map(\.values) == [["HOME"], ["VOICE"]])
        #expect(old.card["NOTE"]?.value == "a=0D=0Ab")
        for wrong in ["", "BEGIN:VCARD\nEND:VCARD", "BEGIN:VCARD\nFN:x\nEND:VCARD\nBEGIN:VCARD\nFN:y\nEND:VCARD"] {
            #expect(throws: CardError.self) { try card(wrong) }
        }
    }
}
