// SPDX-License-Identifier: Apache-2.0

/// Writes elements as XML 1.0 in UTF-8. The namespaces that DAV uses are declared once, at the root; others where they
/// occur.
package struct XMLWriter {
    private static let prefixes = [
        XMLNamespace.dav: "d", XMLNamespace.calendar: "cal", XMLNamespace.addressBook: "card",
        XMLNamespace.calendarServer: "cs", XMLNamespace.apple: "ical",
    ]
    private static let declarations = prefixes.sorted { $0.value < $1.value }
        .map { " xmlns:\($0.value)=\"\($0.key)\"" }.joined()

    private var out: [UInt8] = []

    /// A whole document.
    package static func document(_ root: XMLElement) -> [UInt8] {
        var writer = XMLWriter()
        writer.raw("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n")
        writer.write(root, declarations: declarations)
        return writer.out
    }

    /// An element that stands for itself, for keeping: with all its declarations.
    package static func fragment(_ element: XMLElement) -> String {
        var writer = XMLWriter()
        writer.write(element, declarations: declarations)
        return String(decoding: writer.out, as: UTF8.self)
    }

    private mutating func raw(_ text: String) { out += text.utf8 }

    private mutating func write(_ element: XMLElement, declarations: String = "") {
        let (tag, declaration) = Self.tag(element.name, "x")
        raw("<\(tag)\(declarations)\(declaration)")
        for (number, (name, value)) in element.attributes.sorted(by: { "\($0.key)" < "\($1.key)" }).enumerated() {
            let (attribute, declaration) = name.namespace.isEmpty ? (name.name, "") : Self.tag(name, "y\(number)")
            raw("\(declaration) \(attribute)=\"\(Self.escaped(value, isAttribute: true))\"")
        }
        guard !element.children.isEmpty else { return raw("/>") }
        raw(">")
        for child in element.children {
            switch child {
            case .element(let inner): write(inner)
            case .text(let text): raw(Self.escaped(text, isAttribute: false))
            }
        }
        raw("</\(tag)>")
    }

    /// Name as written, and the declaration that it needs.
    private static func tag(_ name: XMLName, _ prefix: String) -> (String, String) {
        if let known = prefixes[name.namespace] { return ("\(known):\(name.name)", "") }
        if name.namespace.isEmpty { return (name.name, "") }
        return ("\(prefix):\(name.name)", " xmlns:\(prefix)=\"\(escaped(name.namespace, isAttribute: true))\"")
    }

    /// Characters that XML 1.0 cannot hold become U+FFFD.
    private static func escaped(_ text: String, isAttribute: Bool) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"" where isAttribute: result += "&quot;"
            // A reader turns a bare CR into LF, and white space in attributes into blanks.
            case "\r": result += "&#13;"
            case "\n" where isAttribute: result += "&#10;"
            case "\t" where isAttribute: result += "&#9;"
            case "\t", "\n": result.unicodeScalars.append(scalar)
            case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
