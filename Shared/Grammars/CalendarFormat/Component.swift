// SPDX-License-Identifier: Apache-2.0

/// What stands between BEGIN and END.
package struct Component: Equatable, Sendable {
    /// Upper case.
    package let name: String
    package fileprivate(set) var properties: [ContentLine] = []
    package fileprivate(set) var components: [Component] = []

    package subscript(_ property: String) -> ContentLine? { properties.first { $0.name == property } }

    /// All that stand one after the other in `bytes`, with nothing between them.
    static func all(in bytes: [UInt8]) throws(CalendarSyntaxError) -> [Component] {
        var lines = ContentLines(bytes)
        var roots: [Component] = []
        var open: [Component] = []
        var count = 0
        while let line = try lines.next() {
            switch line.name {
            case "BEGIN":
                count += 1
                guard open.count < CalendarLimits.depth, count <= CalendarLimits.components else {
                    throw CalendarSyntaxError(line: line.number, reason: "too many components")
                }
                open.append(Component(name: trimmed(line.value).uppercased()))
            case "END":
                guard let done = open.popLast(), done.name == trimmed(line.value).uppercased() else {
                    throw CalendarSyntaxError(line: line.number, reason: "END:\(line.value.prefix(40)) ends nothing")
                }
                if open.isEmpty { roots.append(done) } else { open[open.count - 1].components.append(done) }
            default:
                guard !open.isEmpty else {
                    throw CalendarSyntaxError(line: line.number, reason: "\(line.name.prefix(40)) stands outside")
                }
                open[open.count - 1].properties.append(line)
            }
        }
        guard let unclosed = open.last else { return roots }
        throw CalendarSyntaxError(line: lines.number, reason: "\(unclosed.name.prefix(40)) is not closed")
    }

    private static func trimmed(_ text: String) -> String {
        String(text.drop { $0 == " " || $0 == "\t" }.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}
