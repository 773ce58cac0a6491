// SPDX-License-Identifier: Apache-2.0
import DAVGrammar
import Testing

@testable import DAVServer

@Suite struct CollectionTests {
    private let work = "/dav/calendars/anna@example.org/work/"
    private let color = XMLName(XMLNamespace.apple, "calendar-color")

    @Test func aCalendarIsMadeChangedAndRemoved() async throws {
        let world = try await World()
        let made = try await world.xml(
            "MKCALENDAR", work, root: "c:mkcalendar",
            """
            <d:set><d:prop><d:displayname>업무</d:displayname><a:calendar-color>#123456FF</a:calendar-color>
            <c:supported-calendar-component-set><c:comp name="VTODO"/></c:supported-calendar-component-set>
            <x:own>kept <x:b c="d"/></x:own></d:prop></d:set>
            """)
        #expect(made.status == 201 && world.announcements == 1)
        #expect(try await world.ask("MKCALENDAR", work).status == 405)
        let asked = "<d:prop><d:displayname/><a:calendar-color/><x:own/><c:supported-calendar-component-set/></d:prop>"
        var found = try await world.propfind(work, depth: "0", asked)
        #expect(try found.value(work, .dav("displayname"))?.text == "업무")
        #expect(try found.value(work, color)?.text == "#123456FF")
        let own = try #require(try found.value(work, XMLName("urn:own", "own")))
        #expect(own.text == "kept " && own[XMLName("urn:own", "b")]?.attribute("c") == "d")
        #expect(
            try found.value(work, .calendar("supported-calendar-component-set"))?.elements.map { $0.attribute("name") }
                == ["VTODO"])

        let patched = try Found(
            try await world.xml(
                "PROPPATCH", work, root: "d:propertyupdate",
                """
                <d:set><d:prop><d:displayname>Work</d:displayname></d:prop></d:set>
                <d:remove><d:prop><x:own/></d:prop></d:remove>
                """))
        #expect(try patched.status(work) == "HTTP/1.1 200 OK")
        found = try await world.propfind(work, depth: "0", asked)
        #expect(try found.value(work, .dav("displayname"))?.text == "Work")
        #expect(try found.value(work, XMLName("urn:own", "own")) == nil)
        #expect(try await world.ask("DELETE", work).status == 204)
        #expect(try await world.ask("DELETE", work).status == 404)
    }

    @Test func patchingIsAllOrNothing() async throws {
        let world = try await World()
        let answer = try Found(
            try await world.xml(
                "PROPPATCH", World.calendar, root: "d:propertyupdate",
                "<d:set><d:prop><d:displayname>New</d:displayname><d:getetag>x</d:getetag></d:prop></d:set>"))
        let groups = try answer.response(World.calendar).elements.filter { $0.name == .dav("propstat") }
        #expect(
            groups.map { $0[.dav("status")]?.text } == ["HTTP/1.1 403 Forbidden", "HTTP/1.1 424 Failed Dependency"])
        let found = try await world.propfind(World.calendar, depth: "0", "<d:prop><d:displayname/></d:prop>")
        #expect(try found.value(World.calendar, .dav("displayname"))?.text == "Calendar")
    }

    @Test func whereNothingCanBeSetEachPropertySaysSo() async throws {
        let world = try await World()
        _ = try await world.ask("PUT", World.calendar + "1", [:], event("u"))
        let set = "<d:set><d:prop><d:displayname>x</d:displayname></d:prop></d:set>"
        for path in ["/dav/calendars/anna@example.org/", World.calendar + "1"] {
            let answer = try Found(try await world.xml("PROPPATCH", path, root: "d:propertyupdate", set))
            #expect(try answer.status(path) == "HTTP/1.1 403 Forbidden")
        }
        let none = try await world.xml("PROPPATCH", World.calendar + "none", root: "d:propertyupdate", set)
        #expect(none.status == 404)
    }

    @Test func mkcolMakesAddressBooksAndCalendars() async throws {
        let world = try await World()
        let book = "/dav/contacts/anna@example.org/friends/"
        let answer = try await world.xml(
            "MKCOL", book, root: "d:mkcol",
            """
            <d:set><d:prop><d:resourcetype><d:collection/><r:addressbook/></d:resourcetype>
            <d:displayname>Friends</d:displayname></d:prop></d:set>
            """)
        #expect(answer.status == 201)
        let found = try await world.propfind(book, depth: "0", "<d:prop><d:displayname/><d:resourcetype/></d:prop>")
        #expect(try found.value(book, .dav("displayname"))?.text == "Friends")
        #expect(try found.value(book, .dav("resourcetype"))?[.addressBook("addressbook")] != nil)
        #expect(try await world.ask("MKCOL", work).status == 201)
        // What the home does not hold.
        let wrong = try await world.xml(
            "MKCOL", "/dav/calendars/anna@example.org/people/", root: "d:mkcol",
            "<d:set><d:prop><d:resourcetype><d:collection/><r:addressbook/></d:resourcetype></d:prop></d:set>")
        #expect(wrong.status == 403)
        for path in ["/dav/contacts/anna@example.org/x/", work + "inside/"] {
            let answer = try await world.ask("MKCALENDAR", path)
            #expect(answer.status == 403 && answer.condition == .calendar("calendar-collection-location-ok"))
        }
    }
}
