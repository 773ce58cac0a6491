// SPDX-License-Identifier: Apache-2.0
import CalendarFormat
import DAVGrammar

/// A calendar-query, ready to be held against objects.
///
/// Times are compared with `CalendarObject.span`: what repeats matches from its first time on, whether or not one of its
/// recurrences lies in the range. Clients look again, and miss nothing.
struct CalendarQuery {
    private let filter: ComponentFilter
    /// Of the one component that is asked for; everything when none is.
    let range: Range<Int64>
    /// Of the objects, when there is one filter that needs one.
    let component: String?

    init(_ filter: ComponentFilter) throws(DAVFailure) {
        guard filter.name == "VCALENDAR", !filter.isNotDefined, filter.range == nil else {
            throw DAVFailure(403, .supportedFilter)
        }
        self.filter = filter
        let inner = filter.components.first { !$0.isNotDefined && CalendarObject.kinds.contains($0.name) }
        component = inner?.name
        let start = inner?.range?.start ?? .min
        let end = inner?.range?.end ?? .max
        guard start < end else { throw DAVFailure(400, "the time-range is empty") }
        range = start..<end
    }

    func matches(_ bytes: [UInt8]) -> Bool {
        guard let object = try? CalendarObject(parsing: bytes) else { return false }
        return Self.matches(filter, object.calendar, object.span)
    }

    private static func matches(
        _ filter: ComponentFilter, _ component: Component, _ span: (start: Int64?, end: Int64?)
    ) -> Bool {
        if let range = filter.range {
            guard span.start ?? .min < range.end ?? .max, span.end ?? .max >= range.start ?? .min else { return false }
        }
        return filter.properties.allSatisfy { matches($0, component) }
            && filter.components.allSatisfy { inner in
                let found = component.components.filter { $0.name == inner.name }
                if inner.isNotDefined { return found.isEmpty }
                // Alarms have times of their own, which are not computed: they match.
                let time: (start: Int64?, end: Int64?) = inner.name == "VALARM" ? (nil, nil) : span
                return found.contains { matches(inner, $0, time) }
            }
    }

    private static func matches(_ filter: ComponentFilter.Property, _ component: Component) -> Bool {
        let found = component.properties.filter { $0.name == filter.name }
        if filter.value == .isNotDefined { return found.isEmpty }
        return found.contains { line in
            let isMatch = if case .text(let match) = filter.value { match.matches(line.text) } else { true }
            return isMatch && filter.parameters.allSatisfy { $0.matches(line) }
        }
    }
}

/// An addressbook-query.
struct CardQuery {
    private let filter: CardFilter

    init(_ filter: CardFilter) { self.filter = filter }

    func matches(_ bytes: [UInt8]) -> Bool {
        guard let card = try? Card(parsing: bytes) else { return false }
        guard !filter.properties.isEmpty else { return true }
        return filter.needsAll
            ? filter.properties.allSatisfy { Self.matches($0, card) }
            : filter.properties.contains { Self.matches($0, card) }
    }

    private static func matches(_ filter: CardFilter.Property, _ card: Card) -> Bool {
        let found = card.card.properties.filter { $0.name == filter.name }
        if filter.isNotDefined { return found.isEmpty }
        return found.contains { line in
            let checks = filter.matches.map { $0.matches(line.text) } + filter.parameters.map { $0.matches(line) }
            guard !checks.isEmpty else { return true }
            return filter.needsAll ? checks.allSatisfy { $0 } : checks.contains(true)
        }
    }
}

extension TextMatch {
    fileprivate func matches(_ value: String) -> Bool {
        let (value, text) = ignoresCase ? (value.lowercased(), text.lowercased()) : (value, text)
        let isMatch =
            switch kind {
            case .contains: text.isEmpty || value.contains(text)
            case .equals: value == text
            case .startsWith: value.hasPrefix(text)
            case .endsWith: value.hasSuffix(text)
            }
        return isMatch != isNegated
    }
}

extension ParameterFilter {
    fileprivate func matches(_ line: ContentLine) -> Bool {
        let values = line.parameters.filter { $0.name == name }.flatMap(\.values)
        return switch value {
        case .isThere: !values.isEmpty
        case .isNotDefined: values.isEmpty
        case .text(let match): values.contains { match.matches($0) }
        }
    }
}
