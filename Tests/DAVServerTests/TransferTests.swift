// SPDX-License-Identifier: Apache-2.0
import DAVGrammar
import Testing

@testable import DAVServer

@Suite struct TransferTests {
    private let work = "/dav/calendars/anna@example.org/work/"
    private func one(_ name: String) -> String { World.calendar + name }

    @Test func anEventMovesToAnotherCalendar() async throws {
        let world = try await World()
        _ = try await world.ask("MKCALENDAR", work)
        let etag = try #require(try await world.ask("PUT", one("1"), [:], event("u"))["etag"])
        let before = try await sync(world, World.calendar, "")
        let fields = ["destination": "https://dav.example.org:8443\(work)a%20b", "host": "dav.example.org:8443"]
        #expect(try await world.ask("MOVE", one("1"), fields).status == 201)
        #expect(try await world.ask("GET", one("1")).status == 404)
        let moved = try await world.ask("GET", work + "a%20b")
        #expect(moved.text == event("u") && moved["etag"] == etag)
        let after = try await sync(world, World.calendar, try #require(before.token))
        #expect(try after.status(one("1")) == "HTTP/1.1 404 Not Found")
        #expect(try await sync(world, work, "").addresses == [work + "a%20b"])
        // It is found by its time there.
        let found = try await world.report(
            work, "c:calendar-query",
            """
            <d:prop/><c:filter><c:comp-filter name='VCALENDAR'><c:comp-filter name='VEVENT'>
            <c:time-range start='20260104T000000Z' end='20260105T000000Z'/></c:comp-filter></c:comp-filter></c:filter>
            """)
        #expect(found.addresses == [work + "a%20b"])
        #expect(world.announcements == 3)
    }

    @Test func aNewNameInTheSameCalendar() async throws {
        let world = try await World()
        _ = try await world.ask("PUT", one("1"), [:], event("u"))
        let before = try await sync(world, World.calendar, "")
        #expect(try await world.ask("MOVE", one("1"), ["destination": one("2")]).status == 201)
        let after = try await sync(world, World.calendar, try #require(before.token))
        #expect(after.addresses == [one("2"), one("1")])
        // Back again: the name that went is there.
        #expect(try await world.ask("MOVE", one("2"), ["destination": one("1")]).status == 201)
        let last = try await sync(world, World.calendar, try #require(after.token))
        #expect(last.addresses == [one("1"), one("2")])
        #expect(try last.status(one("1")) == "HTTP/1.1 200 OK")
        // A copy would have its UID.
        let copy = try await world.ask("COPY", one("1"), ["destination": one("3")])
        #expect(copy.status == 409 && copy.condition == .calendar("no-uid-conflict"))
        #expect(try await world.ask("MOVE", one("1"), ["destination": one("1")]).status == 403)
    }

    @Test func whatIsThereIsOverwrittenUnlessAskedNotTo() async throws {
        let world = try await World()
        _ = try await world.ask("MKCALENDAR", work)
        _ = try await world.ask("PUT", one("1"), [:], event("u"))
        _ = try await world.ask("PUT", work + "1", [:], event("v"))
        let target = ["destination": work + "1"]
        #expect(try await world.ask("COPY", one("1"), target.merging(["overwrite": "F"]) { $1 }).status == 412)
        #expect(try await world.ask("GET", work + "1").text == event("v"))
        #expect(try await world.ask("COPY", one("1"), target.merging(["if-match": "\"x\""]) { $1 }).status == 412)
        #expect(try await world.ask("COPY", one("1"), target).status == 204)
        #expect(try await world.ask("GET", work + "1").text == event("u"))
        #expect(try await world.ask("GET", one("1")).text == event("u"))
    }

    @Test func whereItCannotGoIsSaid() async throws {
        let world = try await World()
        _ = try await world.ask("PUT", one("1"), [:], event("u"))
        _ = try await world.xml(
            "MKCALENDAR", "/dav/calendars/anna@example.org/tasks/", root: "c:mkcalendar",
            "<d:set><d:prop><c:supported-calendar-component-set><c:comp name='VTODO'/></c:supported-calendar-component-set></d:prop></d:set>"
        )
        for (target, status) in [
            ("/dav/calendars/anna@example.org/none/1", 409), ("/dav/calendars/bob@example.org/calendar/1", 403),
            (World.contacts + "1", 403), (World.calendar, 403), ("nonsense", 400), ("/x/..", 400),
            ("https://elsewhere.example\(work)1", 502), ("/dav/calendars/anna@example.org/tasks/1", 403),
        ] {
            for method in ["MOVE", "COPY"] {
                let answer = try await world.ask(
                    method, one("1"), ["destination": target, "host": "dav.example.org", "depth": "0"])
                #expect(answer.status == status, "\(target) \(answer.status)")
            }
        }
        #expect(try await world.ask("MOVE", one("1")).status == 400)
        #expect(try await world.ask("MOVE", one("none"), ["destination": one("2")]).status == 404)
        #expect(try await world.ask("GET", one("1")).text == event("u"))
    }

    private func sync(_ world: World, _ calendar: String, _ token: String) async throws -> Found {
        try await world.report(
            calendar, "d:sync-collection",
            "<d:sync-token>\(token)</d:sync-token><d:sync-level>infinite</d:sync-level><d:prop><d:getetag/></d:prop>")
    }
}
