// SPDX-License-Identifier: Apache-2.0

/// A name with its namespace: of an element, and so of a property.
package struct XMLName: Hashable, Sendable, CustomStringConvertible {
    /// Empty: none.
    package let namespace: String
    package let name: String

    package init(_ namespace: String, _ name: String) {
        self.namespace = namespace
        self.name = name
    }

    package var description: String { "{\(namespace)}\(name)" }

    package static func dav(_ name: String) -> XMLName { XMLName(XMLNamespace.dav, name) }
    package static func calendar(_ name: String) -> XMLName { XMLName(XMLNamespace.calendar, name) }
    package static func addressBook(_ name: String) -> XMLName { XMLName(XMLNamespace.addressBook, name) }
}

package enum XMLNamespace {
    package static let dav = "DAV:"
    /// CalDAV (RFC 4791)
    package static let calendar = "urn:ietf:params:xml:ns:caldav"
    /// CardDAV (RFC 6352)
    package static let addressBook = "urn:ietf:params:xml:ns:carddav"
    /// getctag
    package static let calendarServer = "http://calendarserver.org/ns/"
    /// calendar-color, calendar-order
    package static let apple = "http://apple.com/ns/ical/"
}

/// An element with what is in it. Comments and processing instructions are not kept.
package struct XMLElement: Equatable, Sendable {
    package enum Node: Equatable, Sendable {
        case element(XMLElement)
        case text(String)
    }

    package var name: XMLName
    /// Namespace declarations are not among them.
    package var attributes: [XMLName: String]
    package var children: [Node]

    package init(_ name: XMLName, attributes: [XMLName: String] = [:], _ children: [Node] = []) {
        self.name = name
        self.attributes = attributes
        self.children = children
    }

    /// With elements alone.
    package init(_ name: XMLName, elements: [XMLElement]) { self.init(name, elements.map { .element($0) }) }

    package init(_ name: XMLName, text: String) { self.init(name, [.text(text)]) }

    package var elements: [XMLElement] {
        children.compactMap { if case .element(let element) = $0 { element } else { nil } }
    }

    /// All text directly inside, put together.
    package var text: String {
        children.reduce(into: "") { if case .text(let text) = $1 { $0 += text } }
    }

    package subscript(_ name: XMLName) -> XMLElement? { elements.first { $0.name == name } }

    /// An attribute without a namespace.
    package func attribute(_ name: String) -> String? { attributes[XMLName("", name)] }
}
