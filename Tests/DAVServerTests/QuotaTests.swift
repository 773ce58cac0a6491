// SPDX-License-Identifier: Apache-2.0
import DAVGrammar
import Testing

@testable import DAVServer

/// RFC 4331.
@Suite struct QuotaTests {
    private let asked = "<d:prop><d:quota-available-bytes/><d:quota-used-bytes/></d:prop>"
    private let available = XMLName.dav("quota-available-bytes")
    private let used = XMLName.dav("quota-used-bytes")

    @Test func putOverTheQuotaIs507() async throws {
        let size = event("1").utf8.count
        let world = try await World(quota: 2 * size)
        #expect(try await world.ask("PUT", World.calendar + "1", [:], event("1")).status == 201)
        var found = try await world.propfind(World.calendar, depth: "1", asked)
        #expect(try found.value(World.calendar, available)?.text == "\(size)")
        #expect(try found.value(World.calendar, used)?.text == "\(size)")
        #expect(try found.value(World.calendar + "1", used) == nil, "of collections alone")
        #expect(try await world.ask("PUT", World.calendar + "2", [:], event("2")).status == 201)
        let refused = try await world.ask("PUT", World.calendar + "3", [:], event("3"))
        #expect(refused.status == 507 && refused.condition == .dav("quota-not-exceeded"))
        #expect(try await world.ask("GET", World.calendar + "3").status == 404)
        #expect(try await world.ask("DELETE", World.calendar + "1").status == 204)
        #expect(try await world.ask("PUT", World.calendar + "3", [:], event("3")).status == 201)
        found = try await world.propfind("/dav/calendars/anna@example.org/", depth: "0", asked)
        #expect(try found.value("/dav/calendars/anna@example.org/", available)?.text == "0")
    }

    @Test func theyAreListedButCostNobodyWhoDoesNotAsk() async throws {
        let world = try await World(quota: 10)
        var found = try await world.propfind(World.contacts, depth: "0", "<d:allprop/>")
        #expect(try found.value(World.contacts, used) == nil)
        found = try await world.propfind(World.contacts, depth: "0", "<d:propname/>")
        #expect(try found.value(World.contacts, used) != nil && found.value(World.contacts, available) != nil)
        let patched = try Found(
            try await world.xml(
                "PROPPATCH", World.contacts, root: "d:propertyupdate",
                "<d:set><d:prop><d:quota-used-bytes>0</d:quota-used-bytes></d:prop></d:set>"))
        #expect(try patched.status(World.contacts) == "HTTP/1.1 403 Forbidden")
    }

    @Test func withoutALimitNothingIsPromised() async throws {
        let found = try await World().propfind(World.contacts, depth: "0", asked)
        #expect(try found.value(World.contacts, used)?.text == "0")
        #expect(try found.value(World.contacts, available) == nil)
    }
}
