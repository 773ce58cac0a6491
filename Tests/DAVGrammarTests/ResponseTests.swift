// SPDX-License-Identifier: Apache-2.0
import DAVGrammar
import Testing

@Suite struct ResponseTests {
    @Test func aMultistatus() throws {
        let etag = XMLElement(.dav("getetag"), text: "\"1\"")
        let document = Multistatus(
            [
                .init("/a%20b", .properties([(200, [etag]), (404, [XMLElement(.calendar("calendar-data"))])])),
                .init("/gone", .status(404, nil)), .init("/empty", .properties([(200, []), (404, [])])),
                .init("/full", .status(507, .numberOfMatchesWithinLimits)),
            ], syncToken: "urn:x:2"
        ).document
        let root = try XMLElement(parsing: document)
        #expect(root.name == .dav("multistatus") && root[.dav("sync-token")]?.text == "urn:x:2")
        let responses = root.elements.filter { $0.name == .dav("response") }
        #expect(responses.map { $0[.dav("href")]?.text } == ["/a%20b", "/gone", "/empty", "/full"])
        let groups = responses[0].elements.filter { $0.name == .dav("propstat") }
        #expect(groups.map { $0[.dav("status")]?.text } == ["HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found"])
        #expect(groups[0][.dav("prop")]?.elements == [etag])
        #expect(responses[1][.dav("status")]?.text == "HTTP/1.1 404 Not Found")
        #expect(responses[2].elements.filter { $0.name == .dav("propstat") }.count == 1)
        #expect(responses[3][.dav("error")]?[.dav("number-of-matches-within-limits")] != nil)
    }

    @Test func aConditionNamesWhatDidNotHold() throws {
        let error = try XMLElement(parsing: DAVCondition.noUIDConflict(address: "/a", isCalendar: true).document())
        #expect(error.name == .dav("error"))
        #expect(error[.calendar("no-uid-conflict")]?[.dav("href")]?.text == "/a")
        #expect(DAVCondition.validSyncToken.name == .dav("valid-sync-token"))
    }
}
