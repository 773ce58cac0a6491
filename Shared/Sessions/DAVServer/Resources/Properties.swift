// SPDX-License-Identifier: Apache-2.0
import CalendarStore
import DAVGrammar
import MailStore

/// A resource with what its properties are told from.
enum Described {
    case root
    case principal
    case home(CollectionKind)
    case collection(Collection)
    /// The bytes only where they are asked for.
    case object(CollectionKind, collection: String, ObjectMetadata, data: [UInt8]?)

    var isCollection: Bool { if case .object = self { false } else { true } }

    var resource: Resource {
        switch self {
        case .root: .root
        case .principal: .principal
        case .home(let kind): .home(kind)
        case .collection(let collection): .collection(collection.kind, collection.name)
        case .object(let kind, let collection, let metadata, _): .object(kind, collection, metadata.name)
        }
    }
}

/// Properties of every kind of resource, as one user sees them.
struct Properties {
    let user: String
    let limits: CollectionLimits
    /// Of the whole account; nil where it is not told.
    let use: StorageUse?

    /// One response of a multistatus.
    func response(_ described: Described, _ request: PropertyRequest) -> Multistatus.Response {
        let content: Multistatus.Response.Content
        switch request {
        case .names:
            content = .properties([(200, names(of: described).map { XMLElement($0) })])
        case .all(let including):
            let wanted = names(of: described).filter { !Self.costly.contains($0) } + including
            content = .properties([(200, wanted.compactMap { value($0, of: described) })])
        case .some(let wanted):
            var found: [XMLElement] = []
            var missing: [XMLElement] = []
            for element in wanted {
                if let value = value(element.name, of: described) {
                    found.append(value)
                } else {
                    missing.append(XMLElement(element.name))
                }
            }
            content = .properties([(200, found), (404, missing)])
        }
        return Multistatus.Response(described.resource.address(user: user), content)
    }

    /// What `allprop` leaves out: RFC 4791 section 5.2 and others want it so.
    private static let costly: Set<XMLName> = [
        .calendar("supported-calendar-component-set"), .calendar("supported-calendar-data"),
        .calendar("supported-collation-set"), .addressBook("supported-address-data"),
        .addressBook("supported-collation-set"), .dav("supported-report-set"), .calendar("calendar-timezone"),
        .dav("quota-available-bytes"), .dav("quota-used-bytes"),
    ]

    private func names(of described: Described) -> [XMLName] {
        var names: [XMLName] = [
            .dav("resourcetype"), .dav("displayname"), .dav("current-user-principal"),
            .dav("current-user-privilege-set"), .dav("owner"), .dav("quota-available-bytes"),
            .dav("quota-used-bytes"),
        ]
        switch described {
        case .root: names += [.dav("principal-collection-set")]
        case .principal:
            names += [
                .dav("principal-URL"), .calendar("calendar-home-set"), .calendar("calendar-user-address-set"),
                .addressBook("addressbook-home-set"),
            ]
        case .home: break
        case .collection(let collection):
            names += [
                .dav("sync-token"), .dav("supported-report-set"), XMLName(XMLNamespace.calendarServer, "getctag"),
            ]
            if collection.kind == .calendar {
                names += [
                    .calendar("calendar-description"), .calendar("calendar-timezone"),
                    .calendar("supported-calendar-component-set"), .calendar("supported-calendar-data"),
                    .calendar("supported-collation-set"), .calendar("max-resource-size"),
                    .calendar("schedule-calendar-transp"), XMLName(XMLNamespace.apple, "calendar-color"),
                    XMLName(XMLNamespace.apple, "calendar-order"),
                ]
            } else {
                names += [
                    .addressBook("addressbook-description"), .addressBook("supported-address-data"),
                    .addressBook("supported-collation-set"), .addressBook("max-resource-size"),
                ]
            }
            names += collection.properties.others.map { XMLName($0.namespace, $0.name) }
        case .object: names += [.dav("getetag"), .dav("getcontenttype"), .dav("getcontentlength")]
        }
        return names.filter { value($0, of: described) != nil }
    }

    /// `nil`: it has no such property.
    func value(_ name: XMLName, of described: Described) -> XMLElement? {
        if let common = common(name, of: described) { return common }
        switch described {
        case .principal: return principal(name)
        case .root, .home: return nil
        case .collection(let collection): return value(name, of: collection)
        case .object(let kind, _, let metadata, let data):
            switch name {
            case .dav("getetag"): return XMLElement(name, text: "\"\(metadata.etag)\"")
            case .dav("getcontenttype"):
                let component = metadata.component.isEmpty ? "" : "; component=\(metadata.component.lowercased())"
                return XMLElement(name, text: kind.contentType + component)
            case .dav("getcontentlength"): return XMLElement(name, text: "\(metadata.size)")
            case kind.dataName: return data.map { XMLElement(name, text: String(decoding: $0, as: UTF8.self)) }
            default: return nil
            }
        }
    }

    private func common(_ name: XMLName, of described: Described) -> XMLElement? {
        switch name {
        case .dav("resourcetype"): return XMLElement(name, elements: types(described).map { XMLElement($0) })
        case .dav("current-user-principal"), .dav("owner"):
            return hrefs(name, [Resource.principal.address(user: user)])
        case .dav("principal-collection-set"): return hrefs(name, ["/dav/principals/"])
        case .dav("current-user-privilege-set"):
            let all = ["all", "read", "write", "write-properties", "write-content", "bind", "unbind", "read-acl"]
            return XMLElement(
                name, elements: all.map { XMLElement(.dav("privilege"), elements: [XMLElement(.dav($0))]) })
        // RFC 4331: of collections; what is available is left out where there is no limit.
        case .dav("quota-used-bytes"):
            return described.isCollection ? use.map { XMLElement(name, text: "\($0.bytes)") } : nil
        case .dav("quota-available-bytes"):
            return described.isCollection ? use?.available.map { XMLElement(name, text: "\($0)") } : nil
        case .dav("displayname"):
            switch described {
            case .collection(let collection): return XMLElement(name, text: collection.properties.displayName)
            case .principal: return XMLElement(name, text: user)
            default: return nil
            }
        default: return nil
        }
    }

    private func types(_ described: Described) -> [XMLName] {
        switch described {
        case .root, .home: [.dav("collection")]
        case .principal: [.dav("collection"), .dav("principal")]
        case .collection(let collection):
            [.dav("collection"), collection.kind == .calendar ? .calendar("calendar") : .addressBook("addressbook")]
        case .object: []
        }
    }

    private func principal(_ name: XMLName) -> XMLElement? {
        switch name {
        case .dav("principal-URL"): hrefs(name, [Resource.principal.address(user: user)])
        case .calendar("calendar-home-set"): hrefs(name, [Resource.home(.calendar).address(user: user)])
        case .addressBook("addressbook-home-set"): hrefs(name, [Resource.home(.addressBook).address(user: user)])
        case .calendar("calendar-user-address-set"): hrefs(name, ["mailto:" + user])
        default: nil
        }
    }

    private func hrefs(_ name: XMLName, _ addresses: [String]) -> XMLElement {
        XMLElement(name, elements: addresses.map { XMLElement(.dav("href"), text: $0) })
    }

    private func value(_ name: XMLName, of collection: Collection) -> XMLElement? {
        let properties = collection.properties
        func text(_ value: String?) -> XMLElement? { value.map { XMLElement(name, text: $0) } }
        switch name {
        case .dav("sync-token"): return text(collection.syncToken.description)
        case XMLName(XMLNamespace.calendarServer, "getctag"): return text("\"\(collection.modseq)\"")
        case .dav("supported-report-set"):
            let reports: [XMLName] =
                [.dav("sync-collection")]
                + (collection.kind == .calendar
                    ? [.calendar("calendar-query"), .calendar("calendar-multiget")]
                    : [.addressBook("addressbook-query"), .addressBook("addressbook-multiget")])
            return XMLElement(
                name,
                elements: reports.map {
                    XMLElement(
                        .dav("supported-report"),
                        elements: [XMLElement(.dav("report"), elements: [XMLElement($0)])])
                })
        default: break
        }
        if let live = collection.kind == .calendar ? calendar(name, properties) : addressBook(name, properties) {
            return live
        }
        return properties.others.first { XMLName($0.namespace, $0.name) == name }
            .flatMap { try? XMLElement(parsing: Array($0.xml.utf8)) }
    }

    private func calendar(_ name: XMLName, _ properties: CollectionProperties) -> XMLElement? {
        func text(_ value: String?) -> XMLElement? { value.map { XMLElement(name, text: $0) } }
        switch name {
        case .calendar("calendar-description"): return text(properties.description)
        case .calendar("calendar-timezone"): return text(properties.timeZone)
        case XMLName(XMLNamespace.apple, "calendar-color"): return text(properties.color)
        case XMLName(XMLNamespace.apple, "calendar-order"): return text("\(properties.position)")
        case .calendar("max-resource-size"): return text("\(limits.objectBytes)")
        case .calendar("schedule-calendar-transp"):
            return XMLElement(
                name, elements: [XMLElement(.calendar(properties.isTransparent ? "transparent" : "opaque"))])
        case .calendar("supported-calendar-component-set"):
            return XMLElement(
                name,
                elements: properties.components.map {
                    XMLElement(.calendar("comp"), attributes: [XMLName("", "name"): $0])
                })
        case .calendar("supported-calendar-data"): return dataTypes(name, ["text/calendar": ["2.0"]])
        case .calendar("supported-collation-set"): return collations(name, XMLName.calendar)
        default: return nil
        }
    }

    private func addressBook(_ name: XMLName, _ properties: CollectionProperties) -> XMLElement? {
        switch name {
        case .addressBook("addressbook-description"): properties.description.map { XMLElement(name, text: $0) }
        case .addressBook("max-resource-size"): XMLElement(name, text: "\(limits.objectBytes)")
        case .addressBook("supported-address-data"): dataTypes(name, ["text/vcard": ["3.0", "4.0"]])
        case .addressBook("supported-collation-set"): collations(name, XMLName.addressBook)
        default: nil
        }
    }

    private func dataTypes(_ name: XMLName, _ types: [String: [String]]) -> XMLElement {
        let element: XMLName =
            name.namespace == XMLNamespace.calendar ? .calendar("calendar-data") : .addressBook("address-data-type")
        return XMLElement(
            name,
            elements: types.flatMap { type, versions in
                versions.map {
                    XMLElement(element, attributes: [XMLName("", "content-type"): type, XMLName("", "version"): $0])
                }
            })
    }

    private func collations(_ name: XMLName, _ named: (String) -> XMLName) -> XMLElement {
        XMLElement(
            name,
            elements: ["i;ascii-casemap", "i;unicode-casemap", "i;octet"].map {
                XMLElement(named("supported-collation"), text: $0)
            })
    }
}
