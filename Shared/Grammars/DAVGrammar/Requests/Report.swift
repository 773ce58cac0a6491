// SPDX-License-Identifier: Apache-2.0

/// What a REPORT asks (RFC 3253 section 3.6 and the ones below).
package enum Report: Equatable, Sendable {
    /// calendar-multiget or addressbook-multiget (RFC 4791 section 7.9, RFC 6352 section 8.7): addresses as written.
    case multiget(PropertyRequest, addresses: [String])
    /// RFC 4791 section 7.8
    case calendarQuery(PropertyRequest, ComponentFilter)
    /// RFC 6352 section 8.6. `limit`: results that the client takes.
    case addressBookQuery(PropertyRequest, CardFilter, limit: Int?)
    /// RFC 6578 section 3.2. `token` nil: from the start. Both levels are the same: there is nothing below what a
    /// collection holds.
    case sync(PropertyRequest, token: String?, limit: Int?)
    /// RFC 4791 section 7.10
    case freeBusy(TimeRange)

    package init(_ body: XMLElement) throws(DAVRequestError) {
        switch body.name {
        case .calendar("calendar-multiget"), .addressBook("addressbook-multiget"):
            let addresses = body.elements.filter { $0.name == .dav("href") }.map { $0.text.trimmed }
            guard addresses.count <= DAVLimits.addresses else { throw .malformed("too many addresses") }
            self = .multiget(try Self.properties(body), addresses: addresses)
        case .calendar("calendar-query"):
            guard let filter = body[.calendar("filter")]?[.calendar("comp-filter")] else {
                throw .malformed("a filter is missing")
            }
            self = .calendarQuery(try Self.properties(body), try ComponentFilter(filter))
        case .addressBook("addressbook-query"):
            guard let filter = body[.addressBook("filter")] else { throw .malformed("a filter is missing") }
            let limit = try Self.limit(body[.addressBook("limit")]?[.addressBook("nresults")])
            self = .addressBookQuery(try Self.properties(body), try CardFilter(filter), limit: limit)
        case .dav("sync-collection"):
            guard let token = body[.dav("sync-token")]?.text.trimmed else { throw .malformed("sync-token is missing") }
            let level = body[.dav("sync-level")]?.text.trimmed ?? "1"
            guard ["1", "infinite"].contains(level) else { throw .malformed("sync-level is 1 or infinite") }
            self = .sync(
                try Self.properties(body), token: token.isEmpty ? nil : token,
                limit: try Self.limit(body[.dav("limit")]?[.dav("nresults")]))
        case .calendar("free-busy-query"):
            guard let range = body[.calendar("time-range")] else { throw .malformed("time-range is missing") }
            self = .freeBusy(try TimeRange(range))
        default: throw .unknownReport(body.name)
        }
    }

    /// Without any, the client wants addresses alone.
    private static func properties(_ body: XMLElement) throws(DAVRequestError) -> PropertyRequest {
        try PropertyRequest(in: body) ?? .some([])
    }

    private static func limit(_ element: XMLElement?) throws(DAVRequestError) -> Int? {
        guard let element else { return nil }
        guard let limit = Int(element.text.trimmed), limit > 0 else { throw .malformed("nresults is no number") }
        return limit
    }
}

extension String {
    /// Without white space around it, as XML is indented.
    var trimmed: String {
        var rest = self[...]
        while let first = rest.first, first.isWhitespace { rest.removeFirst() }
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return String(rest)
    }
}
