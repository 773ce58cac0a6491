// SPDX-License-Identifier: Apache-2.0
import DAVGrammar
import Testing

@testable import DAVServer

@Suite struct ReportTests {
    private let data = "<d:prop><d:getetag/><c:calendar-data/></d:prop>"
    private func address(_ name: String) -> String { World.calendar + name }

    @Test func multigetTellsEachAddress() async throws {
        let world = try await World()
        _ = try await world.ask("PUT", address("1"), [:], event("a"))
        let found = try await world.report(
            World.calendar, "c:calendar-multiget",
            """
            \(data)<d:href>\(address("1"))</d:href><d:href>https://host\(address("1"))</d:href>
            <d:href>\(address("none"))</d:href><d:href>/dav/calendars/bob@x/calendar/1</d:href>
            """)
        #expect(found.addresses == [address("1"), address("none"), "/dav/calendars/bob@x/calendar/1"])
        #expect(
            try found.value(address("1"), .calendar("calendar-data"))?.text == event("a"))
        #expect(try found.status(address("none")) == "HTTP/1.1 404 Not Found")
        #expect(try found.status("/dav/calendars/bob@x/calendar/1") == "HTTP/1.1 404 Not Found")
    }

    @Test func aQueryFindsByTimeAndText() async throws {
        let world = try await World()
        for (name, lines) in [
            ("january", "DTSTART:20260104T100000Z\r\nDTEND:20260104T110000Z\r\nSUMMARY:One"),
            ("march", "DTSTART:20260304T100000Z\r\nDTEND:20260304T110000Z\r\nATTENDEE;PARTSTAT=DECLINED:mailto:Lisa@x"),
            ("weekly", "DTSTART:20260101T100000Z\r\nRRULE:FREQ=WEEKLY"),
        ] { _ = try await world.ask("PUT", address(name), [:], event(name, lines)) }
        func query(_ inside: String) async throws -> [String] {
            let filter =
                "<c:comp-filter name='VCALENDAR'><c:comp-filter name='VEVENT'>\(inside)</c:comp-filter></c:comp-filter>"
            let found = try await world.report(
                World.calendar, "c:calendar-query", "<d:prop><d:getetag/></d:prop><c:filter>\(filter)</c:filter>")
            return found.addresses.map { String($0.dropFirst(World.calendar.count)) }
        }
        #expect(try await query("") == ["january", "march", "weekly"])
        #expect(
            try await query("<c:time-range start='20260301T000000Z' end='20260401T000000Z'/>") == ["march", "weekly"])
        #expect(try await query("<c:time-range start='20260301T000000Z'/>") == ["march", "weekly"])
        #expect(
            try await query("<c:prop-filter name='SUMMARY'><c:is-not-defined/></c:prop-filter>") == ["march", "weekly"])
        #expect(
            try await query("<c:prop-filter name='SUMMARY'><c:text-match>ONE</c:text-match></c:prop-filter>") == [
                "january"
            ])
        #expect(
            try await query(
                "<c:prop-filter name='SUMMARY'><c:text-match collation='i;octet'>ONE</c:text-match></c:prop-filter>")
                == [])
        #expect(
            try await query(
                """
                <c:prop-filter name='ATTENDEE'><c:text-match>lisa</c:text-match><c:param-filter name='PARTSTAT'>
                <c:text-match negate-condition='yes'>NEEDS</c:text-match></c:param-filter></c:prop-filter>
                """) == ["march"])
        let unknown = try await world.xml(
            "REPORT", World.calendar, root: "c:calendar-query",
            "<c:filter><c:comp-filter name='VCALENDAR'><x:other/></c:comp-filter></c:filter>")
        #expect(unknown.status == 403 && unknown.condition == .calendar("supported-filter"))
    }

    @Test func cardsAreFoundByTheirText() async throws {
        let world = try await World()
        for (name, lines) in [("1", "FN:Anna Kim\nEMAIL;TYPE=HOME:a@x"), ("2", "FN:Bob\nTEL:123"), ("3", "N:Lee;Chul")]
        {
            _ = try await world.ask(
                "PUT", World.contacts + name, [:], "BEGIN:VCARD\nUID:\(name)\n\(lines)\nEND:VCARD\n")
        }
        func query(_ test: String, _ inside: String, _ rest: String = "") async throws -> [String] {
            try await world.report(
                World.contacts, "r:addressbook-query",
                "<d:prop><d:getetag/></d:prop><r:filter test='\(test)'>\(inside)</r:filter>\(rest)"
            ).addresses.map { String($0.dropFirst(World.contacts.count)) }
        }
        let anna = "<r:prop-filter name='FN'><r:text-match match-type='starts-with'>anna</r:text-match></r:prop-filter>"
        let phone = "<r:prop-filter name='TEL'/>"
        #expect(try await query("anyof", anna + phone) == ["1", "2"])
        #expect(try await query("allof", anna + phone) == [])
        #expect(try await query("anyof", "<r:prop-filter name='FN'><r:is-not-defined/></r:prop-filter>") == ["3"])
        #expect(try await query("anyof", "") == ["1", "2", "3"])
        // Cut short: the collection itself says so.
        #expect(try await query("anyof", "", "<r:limit><r:nresults>2</r:nresults></r:limit>") == ["1", "2", ""])
    }

    @Test func aSyncTellsWhatChangedAndATokenThatIsNoneIsRefused() async throws {
        let world = try await World()
        func sync(_ token: String, limit: Int? = nil) async throws -> Found {
            let limit = limit.map { "<d:limit><d:nresults>\($0)</d:nresults></d:limit>" } ?? ""
            return try await world.report(
                World.calendar, "d:sync-collection",
                "<d:sync-token>\(token)</d:sync-token><d:sync-level>1</d:sync-level>\(limit)<d:prop><d:getetag/></d:prop>"
            )
        }
        for name in ["1", "2", "3"] { _ = try await world.ask("PUT", address(name), [:], event(name)) }
        let first = try await sync("")
        #expect(first.addresses == ["1", "2", "3"].map(address))
        _ = try await world.ask("DELETE", address("1"))
        _ = try await world.ask("PUT", address("4"), [:], event("4"))
        let second = try await sync(try #require(first.token))
        #expect(second.addresses == [address("4"), address("1")])
        #expect(try second.status(address("1")) == "HTTP/1.1 404 Not Found")
        let cut = try await sync(try #require(first.token), limit: 1)
        #expect(cut.addresses == [address("1"), World.calendar])
        #expect(try cut.status(World.calendar) == "HTTP/1.1 507 Insufficient Storage")
        #expect(try await sync(try #require(cut.token)).addresses == [address("4")])
        for token in ["x", "urn:mailkeep:sync:99:1", "urn:mailkeep:sync:1:99999"] {
            let answer = try await world.xml(
                "REPORT", World.calendar, root: "d:sync-collection", "<d:sync-token>\(token)</d:sync-token><d:prop/>")
            #expect(answer.status == 403 && answer.condition == .dav("valid-sync-token"))
        }
    }
}
