// SPDX-License-Identifier: Apache-2.0
import CalendarFormat
import DAVGrammar

/// A calendar-query, ready to be held against objects.
///
/// Recurrences are computed while `steps` last; behind them, what repeats matches whether or not one of its recurrences
/// lies in the range. Clients look again, and miss nothing.
struct CalendarQuery {
    /// For one object.
    private static let objectSteps = 20_000
    /// For all.
    private var steps = 500_000
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
        range = inner?.range?.seconds ?? .min ..< .max
    }

    mutating func matches(_ bytes: [UInt8]) -> Bool {
        guard let object = try? CalendarObject(parsing: bytes) else { return false }
        let given = min(Self.objectSteps, steps)
        var budget = ExpansionBudget(steps: given)
        defer { steps -= given - budget.steps }
        return Self.matches(filter, object.calendar, object, &budget)
    }

    private static func matches(
        _ filter: ComponentFilter, _ component: Component, _ object: CalendarObject, _ budget: inout ExpansionBudget
    ) -> Bool {
        guard filter.properties.allSatisfy({ matches($0, component, object) }) else { return false }
        for inner in filter.components {
            let found = component.components.filter { $0.name == inner.name }
            guard !inner.isNotDefined else {
                if found.isEmpty { continue }
                return false
            }
            guard found.contains(where: { matches(inner, $0, object, &budget) }) else { return false }
        }
        // Alarms have times of their own, which are not computed: they match.
        guard let range = filter.range, CalendarObject.kinds.contains(component.name) else { return true }
        return object.touches(component, range.seconds, &budget)
    }

    private static func matches(
        _ filter: ComponentFilter.Property, _ component: Component, _ object: CalendarObject
    ) -> Bool {
        let found = component.properties.filter { $0.name == filter.name }
        if filter.value == .isNotDefined { return found.isEmpty }
        return found.contains { line in
            let isMatch = if case .text(let match) = filter.value { match.matches(line.text) } else { true }
            let isInTime = filter.range.map { object.lies(line, in: $0.seconds) } ?? true
            return isMatch && isInTime && filter.parameters.allSatisfy { $0.matches(line) }
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

extension TimeRange {
    /// One that is empty was never made.
    fileprivate var seconds: Range<Int64> { (start ?? .min)..<(end ?? .max) }
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
