// SPDX-License-Identifier: Apache-2.0
import DAVGrammar
import Testing

@testable import DAVServer

@Suite struct DiscoveryTests {
    /// The way that clients go: principal, homes, collections.
    @Test func fromTheRootToTheCollections() async throws {
        let world = try await World()
        let root = try await world.propfind("/dav/", depth: "0", "<d:prop><d:current-user-principal/></d:prop>")
        let principal = try #require(try root.value("/dav/", .dav("current-user-principal"))?[.dav("href")]?.text)
        #expect(principal == "/dav/principals/anna@example.org/")
        let user = try await world.propfind(
            principal, depth: "0", "<d:prop><c:calendar-home-set/><r:addressbook-home-set/><d:nothing/></d:prop>")
        let calendars = try #require(try user.value(principal, .calendar("calendar-home-set"))?[.dav("href")]?.text)
        let contacts = try #require(
            try user.value(principal, .addressBook("addressbook-home-set"))?[.dav("href")]?.text)
        for (home, collection, type) in [
            (calendars, World.calendar, XMLName.calendar("calendar")),
            (contacts, World.contacts, .addressBook("addressbook")),
        ] {
            let found = try await world.propfind(home, depth: "1", "<d:prop><d:resourcetype/><d:sync-token/></d:prop>")
            #expect(found.addresses == [home, collection])
            #expect(try found.value(collection, .dav("resourcetype"))?[type] != nil)
            #expect(try found.value(collection, .dav("sync-token")) != nil)
            #expect(try found.value(home, .dav("sync-token")) == nil)
        }
    }

    @Test func whatIsAnothersIsForbiddenThereOrNot() async throws {
        let world = try await World()
        for path in ["/dav/calendars/bob@example.org/", "/dav/principals/nobody@x/", "/dav/contacts/a/b/c"] {
            #expect(try await world.ask("PROPFIND", path, ["depth": "0"]).status == 403)
        }
        for path in [
            "/x", "/dav/other/anna@example.org/", "/dav/calendars/anna@example.org/none/", World.calendar + "none",
        ] {
            #expect(try await world.ask("PROPFIND", path, ["depth": "0"]).status == 404)
        }
        #expect(try await world.ask("PROPFIND", "/dav/calendars/ANNA@Example.org/", ["depth": "0"]).status == 207)
    }

    @Test func depthWithoutEndIsRefused() async throws {
        let world = try await World()
        for fields in [[:], ["depth": "infinity"]] {
            let answer = try await world.ask("PROPFIND", "/dav/", fields)
            #expect(answer.status == 403 && answer.condition == .dav("propfind-finite-depth"))
        }
        #expect(try await world.ask("PROPFIND", "/dav/", ["depth": "2"]).status == 400)
        #expect(try await world.ask("PROPFIND", "/dav/", ["depth": "0"], "<x>").status == 400)
    }

    @Test func namesAndAll() async throws {
        let world = try await World()
        let names = try await world.propfind(World.calendar, depth: "0", "<d:propname/>")
        #expect(try names.value(World.calendar, .dav("sync-token")) == XMLElement(.dav("sync-token")))
        let all = try await world.propfind(World.calendar, depth: "0", "<d:allprop/>")
        #expect(try all.value(World.calendar, .dav("displayname"))?.text == "Calendar")
        #expect(try all.value(World.calendar, .calendar("supported-calendar-component-set")) == nil)
    }

    @Test func otherMethodsAreSaidToBeOther() async throws {
        let world = try await World()
        #expect(try await world.ask("OPTIONS", "/dav/")["dav"]?.contains("calendar-access") == true)
        #expect(try await world.ask("LOCK", "/dav/").status == 501)
        #expect(try await world.ask("PUT", World.calendar).status == 405)
        #expect(try await world.ask("GET", "/dav/").status == 405)
        let listed = try await world.ask("GET", World.calendar)
        #expect(listed.status == 405 && listed["allow"] == "OPTIONS, PROPFIND, PROPPATCH, REPORT, DELETE")
        let report = try await world.xml("REPORT", "/dav/", root: "d:principal-property-search", "")
        #expect(report.status == 403 && report.condition == .dav("supported-report"))
        #expect(try await world.ask("MOVE", World.calendar, ["destination": "/dav/"]).status == 403)
    }
}
