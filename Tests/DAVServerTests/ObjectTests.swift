// SPDX-License-Identifier: Apache-2.0
import CalendarStore
import DAVGrammar
import Testing

@testable import DAVServer

@Suite struct ObjectTests {
    @Test func anEventComesBackByteForByte() async throws {
        let world = try await World()
        let address = World.calendar + "a%20b.ics"
        let text = event("u", "DTSTART;TZID=Somewhere:20260104T100000\r\nSUMMARY:안녕\\, long\r\n  folded\r\nX-OWN:1")
        let made = try await world.ask("PUT", address, ["if-none-match": "*"], text)
        #expect(made.status == 201 && world.announcements == 1)
        let etag = try #require(made["etag"])
        let got = try await world.ask("GET", address)
        #expect(got.status == 200 && got.text == text && got["etag"] == etag)
        #expect(got["content-type"] == "text/calendar; charset=utf-8")
        #expect(try await world.ask("GET", address, ["if-none-match": etag]).status == 304)
        let listed = try await world.propfind(World.calendar, depth: "1", "<d:prop><d:getetag/></d:prop>")
        #expect(listed.addresses == [World.calendar, address])
        #expect(try listed.value(address, .dav("getetag"))?.text == etag)
    }

    @Test func whoComesLateLearnsIt() async throws {
        let world = try await World()
        let address = World.calendar + "1"
        let first = try #require(try await world.ask("PUT", address, [:], event("u"))["etag"])
        #expect(try await world.ask("PUT", address, ["if-none-match": "*"], event("u")).status == 412)
        let second = try await world.ask("PUT", address, ["if-match": first], event("u", "DTSTART:20260105T100000Z"))
        #expect(second.status == 204)
        #expect(try await world.ask("PUT", address, ["if-match": first], event("u")).status == 412)
        #expect(try await world.ask("DELETE", address, ["if-match": first]).status == 412)
        #expect(try await world.ask("PUT", address, ["if-match": "x"], event("u")).status == 400)
        #expect(try await world.ask("DELETE", address, ["if-match": try #require(second["etag"])]).status == 204)
        #expect(try await world.ask("DELETE", address).status == 404)
        #expect(try await world.ask("GET", address).status == 404)
    }

    @Test func whatMayNotBeIsNamed() async throws {
        var limits = CollectionLimits()
        limits.objectBytes = 1_000
        let world = try await World(limits: limits)
        _ = try await world.ask("PUT", World.calendar + "1", [:], event("u"))
        for (body, status, condition) in [
            ("text", 403, XMLName.calendar("valid-calendar-data")),
            ("BEGIN:VCALENDAR\nEND:VCALENDAR", 403, .calendar("valid-calendar-object-resource")),
            (event("u"), 409, .calendar("no-uid-conflict")),
            (event("v", String(repeating: "X:1\r\n", count: 300)), 403, .calendar("max-resource-size")),
        ] {
            let answer = try await world.ask("PUT", World.calendar + "2", [:], body)
            #expect(answer.status == status && answer.condition == condition, "\(answer.text)")
            if status == 403, body.count < 100 { #expect(answer.text.contains(":reason"), "\(answer.text)") }
        }
        let card = try await world.ask("PUT", World.contacts + "1", [:], "BEGIN:VCARD\nEND:VCARD")
        #expect(card.status == 403 && card.condition == .addressBook("valid-address-data"))
        #expect(try await world.ask("PUT", "/dav/calendars/anna@example.org/none/1", [:], event("u")).status == 409)
        _ = try await world.xml(
            "MKCALENDAR", "/dav/calendars/anna@example.org/tasks/", root: "c:mkcalendar",
            "<d:set><d:prop><c:supported-calendar-component-set><c:comp name='VTODO'/></c:supported-calendar-component-set></d:prop></d:set>"
        )
        let kind = try await world.ask("PUT", "/dav/calendars/anna@example.org/tasks/1", [:], event("u"))
        #expect(kind.status == 403 && kind.condition == .calendar("supported-calendar-component"))
    }
}
