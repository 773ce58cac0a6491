// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import DAVGrammar

/// Bodies in the shape in which the RFCs and clients write them.
@Suite struct RequestTests {
    private static let namespaces =
        "xmlns:d='DAV:' xmlns:c='urn:ietf:params:xml:ns:caldav' xmlns:r='urn:ietf:params:xml:ns:carddav'"

    /// `text` begins with an element whose namespaces are added.
    private func body(_ text: String) throws -> XMLElement {
        let end = try #require(text.firstIndex { $0 == ">" || $0 == "/" || $0 == " " })
        return try XMLElement(parsing: Array((text[..<end] + " " + Self.namespaces + text[end...]).utf8))
    }

    @Test func propfind() throws {
        #expect(try PropertyRequest(propfind: nil) == .all(including: []))
        #expect(try PropertyRequest(propfind: body("<d:propfind><d:propname/></d:propfind>")) == .names)
        #expect(
            try PropertyRequest(
                propfind: body("<d:propfind><d:allprop/><d:include><d:sync-token/></d:include></d:propfind>"))
                == .all(including: [.dav("sync-token")]))
        #expect(
            try PropertyRequest(
                propfind: body("<d:propfind><d:prop><d:getetag/><c:x/><d:getetag/></d:prop></d:propfind>"))
                == .some([XMLElement(.dav("getetag")), XMLElement(.calendar("x"))]))
        for text in ["<d:propfind/>", "<d:other><d:propname/></d:other>"] {
            #expect(throws: DAVRequestError.self) { try PropertyRequest(propfind: body(text)) }
        }
    }

    @Test func changesComeInOrder() throws {
        let changes = try PropertyChanges(
            body(
                """
                <d:propertyupdate><d:set><d:prop><d:displayname>Work</d:displayname></d:prop></d:set>
                <d:remove><d:prop><c:calendar-description/></d:prop></d:remove></d:propertyupdate>
                """), root: .dav("propertyupdate"))
        #expect(
            changes.changes == [
                .set(XMLElement(.dav("displayname"), text: "Work")), .remove(.calendar("calendar-description")),
            ])
        let made = try PropertyChanges(
            body("<c:mkcalendar><d:set><d:prop><d:displayname/></d:prop></d:set></c:mkcalendar>"),
            root: .calendar("mkcalendar"))
        #expect(made.changes.map(\.name) == [.dav("displayname")])
        #expect(try PropertyChanges(nil, root: .dav("mkcol")).changes.isEmpty)
        #expect(throws: DAVRequestError.self) { try PropertyChanges(body("<d:mkcol/>"), root: .calendar("mkcalendar")) }
    }

    @Test func multigets() throws {
        for name in ["c:calendar-multiget", "r:addressbook-multiget"] {
            let report = try Report(
                body("<\(name)><d:prop><d:getetag/></d:prop><d:href> /a/b.ics\n</d:href><d:href>/c</d:href></\(name)>"))
            #expect(report == .multiget(.some([XMLElement(.dav("getetag"))]), addresses: ["/a/b.ics", "/c"]))
        }
        let many = String(repeating: "<d:href>/a</d:href>", count: DAVLimits.addresses + 1)
        #expect(throws: DAVRequestError.self) { try Report(body("<c:calendar-multiget>\(many)</c:calendar-multiget>")) }
    }

    @Test func aCalendarQuery() throws {
        let report = try Report(
            body(
                """
                <c:calendar-query><d:prop><d:getetag/></d:prop><c:filter><c:comp-filter name="VCALENDAR">
                <c:comp-filter name="vevent"><c:time-range start="20060104T000000Z" end="20060105T000000Z"/>
                <c:prop-filter name="ATTENDEE"><c:text-match collation="i;ascii-casemap">mailto:lisa</c:text-match>
                <c:param-filter name="PARTSTAT"><c:text-match negate-condition="yes">X</c:text-match></c:param-filter>
                </c:prop-filter><c:prop-filter name="COMPLETED"><c:is-not-defined/></c:prop-filter>
                </c:comp-filter></c:comp-filter></c:filter></c:calendar-query>
                """))
        guard case .calendarQuery(_, let filter) = report else {
            Issue.record("\(report)")
            return
        }
        let event = try #require(filter.components.first)
        #expect(filter.name == "VCALENDAR" && event.name == "VEVENT")
        #expect(event.range == TimeRange(start: 1_136_332_800, end: 1_136_419_200))
        #expect(event.properties.map(\.name) == ["ATTENDEE", "COMPLETED"])
        #expect(event.properties[1].value == .isNotDefined)
        guard case .text(let match) = event.properties[0].value,
            case .text(let parameter) = event.properties[0].parameters[0].value
        else {
            Issue.record("\(event)")
            return
        }
        #expect(match.text == "mailto:lisa" && match.ignoresCase && !match.isNegated && match.kind == .contains)
        #expect(parameter.isNegated)
    }

    @Test func anAddressBookQuery() throws {
        let report = try Report(
            body(
                """
                <r:addressbook-query><d:prop/><r:filter test="allof"><r:prop-filter name="FN" test="anyof">
                <r:text-match match-type="starts-with">da</r:text-match><r:text-match match-type="equals">x</r:text-match>
                </r:prop-filter></r:filter><r:limit><r:nresults>7</r:nresults></r:limit></r:addressbook-query>
                """))
        guard case .addressBookQuery(_, let filter, let limit) = report else {
            Issue.record("\(report)")
            return
        }
        #expect(limit == 7 && filter.needsAll && !filter.properties[0].needsAll)
        #expect(filter.properties[0].matches.map(\.kind) == [.startsWith, .equals])
    }

    @Test func aSync() throws {
        let first = "<d:sync-collection><d:sync-token/><d:sync-level>1</d:sync-level><d:prop/></d:sync-collection>"
        #expect(try Report(body(first)) == .sync(.some([]), token: nil, limit: nil))
        let next = """
            <d:sync-collection><d:sync-token>urn:x:1</d:sync-token><d:sync-level>infinite</d:sync-level>
            <d:limit><d:nresults>10</d:nresults></d:limit><d:prop><d:getetag/></d:prop></d:sync-collection>
            """
        #expect(
            try Report(body(next))
                == .sync(.some([XMLElement(.dav("getetag"))]), token: "urn:x:1", limit: 10))
    }

    @Test(arguments: [
        ("<d:version-tree/>", DAVRequestError.unknownReport(.dav("version-tree"))),
        ("<c:calendar-query/>", .malformed("a filter is missing")),
        (
            "<c:calendar-query><c:filter><c:comp-filter name='A'><c:prop-filter name='B'>"
                + "<c:text-match collation='i;other'>x</c:text-match></c:prop-filter></c:comp-filter></c:filter></c:calendar-query>",
            .unsupportedCollation("i;other")
        ),
        (
            "<c:calendar-query><c:filter><c:comp-filter name='A'><c:other/></c:comp-filter></c:filter></c:calendar-query>",
            .unsupportedFilter("other")
        ),
        (
            "<c:free-busy-query><c:time-range start='20060105T000000Z' end='20060104T000000Z'/></c:free-busy-query>",
            .unsupportedFilter("the time-range is empty")
        ),
        ("<c:free-busy-query><c:time-range/></c:free-busy-query>", .malformed("a time-range needs start or end")),
        ("<d:sync-collection><d:prop/></d:sync-collection>", .malformed("sync-token is missing")),
    ])
    func whatCannotBeDoneIsNamed(text: String, error: DAVRequestError) throws {
        let root = try body(text)
        #expect(throws: error) { try Report(root) }
    }

    @Test func filtersDoNotNestWithoutEnd() throws {
        let levels = DAVLimits.filterDepth + 1
        let text =
            "<c:calendar-query><c:filter>" + String(repeating: "<c:comp-filter name='A'>", count: levels)
            + String(repeating: "</c:comp-filter>", count: levels) + "</c:filter></c:calendar-query>"
        #expect(throws: DAVRequestError.unsupportedFilter("too many filters")) { try Report(body(text)) }
    }

    @Test(arguments: [
        ("19700101T000000Z", 0), ("20000229T120000Z", 951_825_600), ("20240229T000000Z", 1_709_164_800),
        ("19691231T235959Z", -1), ("00010101T000000Z", -62_135_596_800), ("99991231T235959Z", 253_402_300_799),
    ])
    func timesInUTC(text: String, seconds: Int64) { #expect(UTCTime.seconds(text) == seconds) }

    @Test(arguments: ["", "20060104", "20060104T000000", "20061304T000000Z", "2006010 T000000Z", "20060104T240000Z"])
    func noTimes(text: String) { #expect(UTCTime.seconds(text) == nil) }
}
