// SPDX-License-Identifier: Apache-2.0

/// The body of a 207 (RFC 4918 section 13).
package struct Multistatus: Sendable {
    package struct Response: Sendable, Equatable {
        /// As `DAVPath` writes it.
        package let address: String
        package let content: Content

        package enum Content: Sendable, Equatable {
            /// Of the resource as a whole, such as 404.
            case status(Int, DAVCondition?)
            /// Groups of properties by status; empty groups are left out.
            case properties([(status: Int, properties: [XMLElement])])

            package static func == (left: Content, right: Content) -> Bool {
                switch (left, right) {
                case (.status(let a, let b), .status(let c, let d)): a == c && b == d
                case (.properties(let a), .properties(let b)):
                    a.map(\.status) == b.map(\.status) && a.map(\.properties) == b.map(\.properties)
                default: false
                }
            }
        }

        package init(_ address: String, _ content: Content) {
            self.address = address
            self.content = content
        }
    }

    package var responses: [Response]
    /// Of a sync-collection report.
    package var syncToken: String?

    package init(_ responses: [Response] = [], syncToken: String? = nil) {
        self.responses = responses
        self.syncToken = syncToken
    }

    package var document: [UInt8] {
        var elements = responses.map(\.element)
        if let syncToken { elements.append(XMLElement(.dav("sync-token"), text: syncToken)) }
        return XMLWriter.document(XMLElement(.dav("multistatus"), elements: elements))
    }
}

extension Multistatus.Response {
    fileprivate var element: XMLElement {
        var elements = [XMLElement(.dav("href"), text: address)]
        switch content {
        case .status(let status, let condition):
            elements.append(Self.status(status))
            if let condition { elements.append(condition.element) }
        case .properties(let groups):
            let groups = groups.filter { !$0.properties.isEmpty }
            // A response needs one group at least.
            for group in groups.isEmpty ? [(status: 200, properties: [])] : groups {
                elements.append(
                    XMLElement(
                        .dav("propstat"),
                        elements: [XMLElement(.dav("prop"), elements: group.properties), Self.status(group.status)]))
            }
        }
        return XMLElement(.dav("response"), elements: elements)
    }

    private static func status(_ code: Int) -> XMLElement {
        XMLElement(.dav("status"), text: "HTTP/1.1 \(code) \(Self.reasons[code] ?? "Status")")
    }

    private static let reasons = [
        200: "OK", 403: "Forbidden", 404: "Not Found", 409: "Conflict", 412: "Precondition Failed",
        424: "Failed Dependency", 500: "Internal Server Error", 507: "Insufficient Storage",
    ]
}

/// What did not hold, in the body of an error (RFC 4918 section 16).
package enum DAVCondition: Sendable, Equatable {
    case validSyncToken
    case numberOfMatchesWithinLimits
    case supportedReport
    case propfindFiniteDepth
    case supportedCalendarData
    case validCalendarData
    case validCalendarObjectResource
    case supportedCalendarComponent
    case supportedAddressData
    case validAddressData
    case supportedFilter
    case supportedCollation
    case maxResourceSize
    case quotaNotExceeded
    case resourceMustBeNull
    case calendarCollectionLocation
    /// Of a calendar, or of an address book: the object that has the UID.
    case noUIDConflict(address: String, isCalendar: Bool)

    package var name: XMLName {
        switch self {
        case .validSyncToken: .dav("valid-sync-token")
        case .numberOfMatchesWithinLimits: .dav("number-of-matches-within-limits")
        case .supportedReport: .dav("supported-report")
        case .propfindFiniteDepth: .dav("propfind-finite-depth")
        case .supportedCalendarData: .calendar("supported-calendar-data")
        case .validCalendarData: .calendar("valid-calendar-data")
        case .validCalendarObjectResource: .calendar("valid-calendar-object-resource")
        case .supportedCalendarComponent: .calendar("supported-calendar-component")
        case .supportedAddressData: .addressBook("supported-address-data")
        case .validAddressData: .addressBook("valid-address-data")
        case .supportedFilter: .calendar("supported-filter")
        case .supportedCollation: .calendar("supported-collation")
        case .maxResourceSize: .calendar("max-resource-size")
        case .quotaNotExceeded: .dav("quota-not-exceeded")
        case .resourceMustBeNull: .dav("resource-must-be-null")
        case .calendarCollectionLocation: .calendar("calendar-collection-location-ok")
        case .noUIDConflict(_, let isCalendar):
            isCalendar ? .calendar("no-uid-conflict") : .addressBook("no-uid-conflict")
        }
    }

    /// `<d:error>`
    package var element: XMLElement {
        var condition = XMLElement(name)
        if case .noUIDConflict(let address, _) = self {
            condition.children = [.element(XMLElement(.dav("href"), text: address))]
        }
        return XMLElement(.dav("error"), elements: [condition])
    }

    /// The body of an error response. `reason`: for people, in an element of our own behind the condition.
    package func document(reason: String = "") -> [UInt8] {
        var element = element
        if !reason.isEmpty {
            element.children.append(.element(XMLElement(XMLName("urn:mailkeep:error", "reason"), text: reason)))
        }
        return XMLWriter.document(element)
    }
}
