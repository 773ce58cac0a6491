// SPDX-License-Identifier: Apache-2.0

/// `text-match` (RFC 4791 section 9.7.5, RFC 6352 section 10.5.4).
package struct TextMatch: Equatable, Sendable {
    package enum Kind: String, Sendable {
        case contains
        case equals
        case startsWith = "starts-with"
        case endsWith = "ends-with"
    }

    package let text: String
    package let kind: Kind
    /// False: octet for octet.
    package let ignoresCase: Bool
    package let isNegated: Bool

    init(_ element: XMLElement) throws(DAVRequestError) {
        let collation = element.attribute("collation") ?? "i;unicode-casemap"
        switch collation {
        case "i;octet": ignoresCase = false
        case "i;ascii-casemap", "i;unicode-casemap", "default": ignoresCase = true
        default: throw .unsupportedCollation(collation)
        }
        let type = element.attribute("match-type") ?? "contains"
        guard let kind = Kind(rawValue: type) else { throw .unsupportedFilter("match-type \(type)") }
        self.kind = kind
        text = element.text
        isNegated = element.attribute("negate-condition") == "yes"
    }
}

/// What a filter wants of a property or parameter.
package enum ValueFilter: Equatable, Sendable {
    case isThere
    case isNotDefined
    case text(TextMatch)
}

/// A parameter of a property.
package struct ParameterFilter: Equatable, Sendable {
    /// Upper case.
    package let name: String
    package let value: ValueFilter

    init(_ element: XMLElement, _ name: (String) -> XMLName) throws(DAVRequestError) {
        self.name = try element.filterName
        if element[name("is-not-defined")] != nil {
            value = .isNotDefined
        } else if let match = element[name("text-match")] {
            value = .text(try TextMatch(match))
        } else {
            value = .isThere
        }
    }
}

/// `comp-filter` with what is inside it (RFC 4791 section 9.7.1). All must hold.
package struct ComponentFilter: Equatable, Sendable {
    /// `prop-filter` (RFC 4791 section 9.7.2)
    package struct Property: Equatable, Sendable {
        /// Upper case.
        package let name: String
        package let value: ValueFilter
        package let range: TimeRange?
        package let parameters: [ParameterFilter]
    }

    /// Upper case.
    package let name: String
    package let isNotDefined: Bool
    package let range: TimeRange?
    package let properties: [Property]
    package let components: [ComponentFilter]

    init(_ element: XMLElement, depth: Int = 0) throws(DAVRequestError) {
        guard depth < DAVLimits.filterDepth, element.elements.count <= DAVLimits.filters else {
            throw .unsupportedFilter("too many filters")
        }
        name = try element.filterName
        isNotDefined = element[.calendar("is-not-defined")] != nil
        var range: TimeRange?
        var properties: [Property] = []
        var components: [ComponentFilter] = []
        for child in element.elements {
            switch child.name {
            case .calendar("comp-filter"): components.append(try ComponentFilter(child, depth: depth + 1))
            case .calendar("prop-filter"): properties.append(try Property(child))
            case .calendar("time-range"): range = try TimeRange(child)
            case .calendar("is-not-defined"): break
            default: throw .unsupportedFilter(child.name.name)
            }
        }
        (self.range, self.properties, self.components) = (range, properties, components)
    }
}

extension ComponentFilter.Property {
    fileprivate init(_ element: XMLElement) throws(DAVRequestError) {
        name = try element.filterName
        var value = ValueFilter.isThere
        var range: TimeRange?
        var parameters: [ParameterFilter] = []
        guard element.elements.count <= DAVLimits.filters else { throw .unsupportedFilter("too many filters") }
        for child in element.elements {
            switch child.name {
            case .calendar("is-not-defined"): value = .isNotDefined
            case .calendar("text-match"): value = .text(try TextMatch(child))
            case .calendar("time-range"): range = try TimeRange(child)
            case .calendar("param-filter"): parameters.append(try ParameterFilter(child, XMLName.calendar))
            default: throw .unsupportedFilter(child.name.name)
            }
        }
        (self.value, self.range, self.parameters) = (value, range, parameters)
    }
}

/// `filter` of an address book query (RFC 6352 section 10.5).
package struct CardFilter: Equatable, Sendable {
    package struct Property: Equatable, Sendable {
        /// Upper case.
        package let name: String
        package let isNotDefined: Bool
        package let matches: [TextMatch]
        package let parameters: [ParameterFilter]
        /// All of them; otherwise one is enough.
        package let needsAll: Bool
    }

    package let properties: [Property]
    /// All of them; otherwise one is enough. No property at all: every card.
    package let needsAll: Bool

    init(_ element: XMLElement) throws(DAVRequestError) {
        guard element.elements.count <= DAVLimits.filters else { throw .unsupportedFilter("too many filters") }
        needsAll = try element.needsAll
        var properties: [Property] = []
        for child in element.elements {
            guard child.name == .addressBook("prop-filter") else { throw .unsupportedFilter(child.name.name) }
            properties.append(try Property(child))
        }
        self.properties = properties
    }
}

extension CardFilter.Property {
    fileprivate init(_ element: XMLElement) throws(DAVRequestError) {
        guard element.elements.count <= DAVLimits.filters else { throw .unsupportedFilter("too many filters") }
        name = try element.filterName
        needsAll = try element.needsAll
        isNotDefined = element[.addressBook("is-not-defined")] != nil
        var matches: [TextMatch] = []
        var parameters: [ParameterFilter] = []
        for child in element.elements {
            switch child.name {
            case .addressBook("is-not-defined"): break
            case .addressBook("text-match"): matches.append(try TextMatch(child))
            case .addressBook("param-filter"): parameters.append(try ParameterFilter(child, XMLName.addressBook))
            default: throw .unsupportedFilter(child.name.name)
            }
        }
        (self.matches, self.parameters) = (matches, parameters)
    }
}

extension XMLElement {
    fileprivate var filterName: String {
        get throws(DAVRequestError) {
            guard let name = attribute("name"), !name.isEmpty, name.utf8.count <= 100 else {
                throw .malformed("a filter without a name")
            }
            return name.uppercased()
        }
    }

    fileprivate var needsAll: Bool {
        get throws(DAVRequestError) {
            switch attribute("test") ?? "anyof" {
            case "anyof": return false
            case "allof": return true
            default: throw .malformed("test is anyof or allof")
            }
        }
    }
}
