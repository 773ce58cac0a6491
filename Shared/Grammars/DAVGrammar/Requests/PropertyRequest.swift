// SPDX-License-Identifier: Apache-2.0

/// Which properties are asked for (RFC 4918 section 14.20; REPORTs ask in the same way).
package enum PropertyRequest: Equatable, Sendable {
    /// Those of RFC 4918 and what was set, and these.
    case all(including: [XMLName])
    /// Names without values.
    case names
    /// In this order, each once. Elements, since calendar-data says inside which part it wants.
    case some([XMLElement])

    /// A PROPFIND. An empty body is `all`.
    package init(propfind body: XMLElement?) throws(DAVRequestError) {
        guard let body else {
            self = .all(including: [])
            return
        }
        guard body.name == .dav("propfind") else { throw .malformed("propfind expected") }
        guard let request = try PropertyRequest(in: body) else { throw .malformed("propfind of what?") }
        self = request
    }

    /// What `parent` asks for by a child `prop`, `allprop` or `propname`; nil when it has none.
    init?(in parent: XMLElement) throws(DAVRequestError) {
        if let properties = parent[.dav("prop")]?.elements {
            guard properties.count <= DAVLimits.properties else { throw .malformed("too many properties") }
            var seen: Set<XMLName> = []
            self = .some(properties.filter { seen.insert($0.name).inserted })
        } else if parent[.dav("allprop")] != nil {
            let included = parent[.dav("include")]?.elements.map(\.name) ?? []
            guard included.count <= DAVLimits.properties else { throw .malformed("too many properties") }
            self = .all(including: included)
        } else if parent[.dav("propname")] != nil {
            self = .names
        } else {
            return nil
        }
    }
}

/// PROPPATCH, MKCOL with a body (RFC 5689) and MKCALENDAR (RFC 4791 section 5.3.1): what to set, in order.
package struct PropertyChanges: Equatable, Sendable {
    package enum Change: Equatable, Sendable {
        case set(XMLElement)
        case remove(XMLName)

        package var name: XMLName {
            switch self {
            case .set(let element): element.name
            case .remove(let name): name
            }
        }
    }

    package let changes: [Change]

    /// `root`: `propertyupdate`, `mkcol` or `mkcalendar`. Without a body nothing is set.
    package init(_ body: XMLElement?, root: XMLName) throws(DAVRequestError) {
        guard let body else {
            changes = []
            return
        }
        guard body.name == root else { throw .malformed("\(root.name) expected") }
        var changes: [Change] = []
        for element in body.elements {
            let properties = element[.dav("prop")]?.elements ?? []
            if element.name == .dav("set") {
                changes += properties.map { .set($0) }
            } else if element.name == .dav("remove"), root == .dav("propertyupdate") {
                changes += properties.map { .remove($0.name) }
            }
        }
        guard changes.count <= DAVLimits.properties else { throw .malformed("too many properties") }
        self.changes = changes
    }
}
