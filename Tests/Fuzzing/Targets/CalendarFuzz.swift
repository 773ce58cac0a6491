// SPDX-License-Identifier: Apache-2.0
import CalendarFormat

enum CalendarFuzz {
    /// No bytes stop the program, and what is taken has what is promised of it.
    static func run(_ input: [UInt8]) {
        if let object = try? CalendarObject(parsing: input) {
            promise(!object.uid.isEmpty && CalendarObject.kinds.contains(object.kind), "an object without UID or kind")
            if let start = object.span.start, let end = object.span.end { promise(start <= end, "a span runs back") }
            var budget = ExpansionBudget(steps: 5_000)
            for part in object.calendar.components where CalendarObject.kinds.contains(part.name) {
                guard object.touches(part, 1_767_225_600..<1_769_904_000, &budget) else { continue }
                promise(
                    object.span.start ?? .min < 1_769_904_000 && object.span.end ?? .max >= 1_767_225_600,
                    "a search by span misses what is there")
            }
        }
        if let card = try? Card(parsing: input) {
            promise(card.uid != "", "an empty UID")
            _ = card.searchableText
        }
    }
}
