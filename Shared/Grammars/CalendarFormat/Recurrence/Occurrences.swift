// SPDX-License-Identifier: Apache-2.0

/// When one component is: its own time and all that it repeats by (RRULE, RDATE), without what is left out (EXDATE) or
/// told by another component (RECURRENCE-ID).
///
/// Nothing here is narrower than the truth: where a clock is known only within bounds (`ZoneOffsets`), the wider time
/// counts. A recurrence that no search finds is lost to its owner.
struct Occurrences {
    private let start: CalendarTime
    private let offsets: ClosedRange<Int64>
    /// Seconds that each lasts; 0 is an instant, nil without end.
    private let length: Int64?
    private let rules: [RecurrenceRule]
    /// RDATE, by clocks of their own.
    private let dates: [(time: CalendarTime, length: Int64?, offsets: ClosedRange<Int64>)]
    /// What the clock of `start` reads.
    private let excluded: Set<Int64>

    /// `nil`: it may be at any time, as far as can be read.
    ///
    /// - Parameter moved: each RECURRENCE-ID of the object.
    init?(_ part: Component, moved: [ContentLine], _ zones: ZoneOffsets, _ budget: inout ExpansionBudget) {
        guard ["VEVENT", "VTODO", "VJOURNAL"].contains(part.name), let line = part["DTSTART"],
            let start = CalendarTime(line.value)
        else { return nil }
        // THISANDFUTURE moves recurrences of another component.
        guard part["RECURRENCE-ID"]?["RANGE"] == nil else { return nil }
        let offsets = zones.of(start, line)
        guard let length = Self.length(part, start, line, zones) else { return nil }
        var rules: [RecurrenceRule] = []
        var dates: [(CalendarTime, Int64?, ClosedRange<Int64>)] = []
        for property in part.properties {
            switch property.name {
            case "RRULE":
                guard budget.pays(ExpansionBudget.rule), let rule = RecurrenceRule(property.value) else { return nil }
                rules.append(rule)
            case "RDATE":
                for value in property.value.split(separator: ",") {
                    let halves = value.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
                    guard budget.pays(1), halves.count <= 2, let time = CalendarTime(halves[0]) else { return nil }
                    var own = length.seconds
                    if halves.count == 2 {
                        let end = CalendarTime(halves[1]).map { $0.seconds - time.seconds }
                        guard let seconds = end ?? CalendarDuration.seconds(halves[1]) else { return nil }
                        own = max(0, seconds)
                    }
                    dates.append((time, own, zones.of(time, property)))
                }
            default: break
            }
        }
        (self.start, self.offsets, self.length) = (start, offsets, length.seconds)
        (self.rules, self.dates) = (rules, dates)
        let excluded = part.properties.filter { $0.name == "EXDATE" } + (part["RECURRENCE-ID"] == nil ? moved : [])
        guard let readings = Self.readings(excluded, by: start, line, offsets, zones, &budget) else { return nil }
        self.excluded = readings
    }

    /// A length that may have no end.
    private struct Length { let seconds: Int64? }

    /// `nil`: it cannot be read.
    private static func length(
        _ part: Component, _ start: CalendarTime, _ line: ContentLine, _ zones: ZoneOffsets
    ) -> Length? {
        let whole = start.length
        if let end = part[part.name == "VTODO" ? "DUE" : "DTEND"] {
            guard let time = CalendarTime(end.value) else { return nil }
            var length = time.seconds - start.seconds
            if time.isUTC != start.isUTC || end["TZID"] != line["TZID"] {
                length += zones.of(start, line).upperBound - zones.of(time, end).lowerBound
            }
            return Length(seconds: max(whole, length))
        }
        if let duration = part["DURATION"] {
            guard let length = CalendarDuration.seconds(duration.value) else { return nil }
            return Length(seconds: max(whole, length))
        }
        // A task that is not due goes on.
        return Length(seconds: part.name == "VTODO" ? nil : whole)
    }

    /// Times of `lines` as the clock of `start` reads them; those that cannot be told exactly are passed over. `nil`: too
    /// many.
    private static func readings(
        _ lines: [ContentLine], by start: CalendarTime, _ startLine: ContentLine, _ offsets: ClosedRange<Int64>,
        _ zones: ZoneOffsets, _ budget: inout ExpansionBudget
    ) -> Set<Int64>? {
        var found: Set<Int64> = []
        for line in lines {
            for value in line.value.split(separator: ",") {
                guard budget.pays(1) else { return nil }
                guard let time = CalendarTime(String(value)), time.isDate == start.isDate else { continue }
                let own = zones.of(time, line)
                if time.isUTC == start.isUTC, time.isUTC || line["TZID"] == startLine["TZID"] {
                    found.insert(time.seconds)
                } else if own.count == 1, offsets.count == 1 {
                    found.insert(time.seconds - own.lowerBound + offsets.lowerBound)
                }
            }
        }
        return found
    }

    /// From the first to the last of them, as `CalendarObject.span`.
    func span(_ budget: inout ExpansionBudget) -> (start: Int64?, end: Int64?) {
        let starts = [start.seconds - offsets.upperBound] + dates.map { $0.time.seconds - $0.offsets.upperBound }
        var end = length.map { start.seconds - offsets.lowerBound + $0 }
        for date in dates {
            end =
                if let end, let length = date.length {
                    max(end, date.time.seconds - date.offsets.lowerBound + length)
                } else { nil }
        }
        for rule in rules {
            end =
                if let last = last(of: rule, &budget), let end, let length {
                    max(end, last - offsets.lowerBound + length)
                } else { nil }
        }
        return (starts.min(), end)
    }

    /// A reading at or behind the last start of a rule; nil: without end, or too far to count.
    private func last(of rule: RecurrenceRule, _ budget: inout ExpansionBudget) -> Int64? {
        if rule.until != nil { return bound(of: rule) }
        guard let count = rule.count else { return nil }
        if let step = rule.step {
            let (distance, isTooFar) = step.multipliedReportingOverflow(by: Int64(count - 1))
            return isTooFar || distance > RuleExpansion.end ? nil : start.seconds + distance
        }
        var expansion = RuleExpansion(rule, start: start, within: start.seconds..<RuleExpansion.end)
        var last = start.seconds
        do { while let starts = try expansion.next(&budget) { last = starts.last ?? last } } catch { return nil }
        return last
    }

    /// The last reading that UNTIL allows. It is of another clock as a rule, and by day for what is by day.
    private func bound(of rule: RecurrenceRule) -> Int64 {
        guard let until = rule.until else { return RuleExpansion.end }
        if until.isDate { return until.seconds + 86_399 }
        return until.seconds + (until.isUTC == start.isUTC ? 0 : max(0, offsets.upperBound, start.isUTC ? 54_000 : 0))
    }

    func touch(_ range: Range<Int64>, _ budget: inout ExpansionBudget) -> Bool {
        let range = range.clamped(to: -RuleExpansion.end..<RuleExpansion.end * 2)
        // Without end: the first one goes on for ever.
        guard let length else { return Self.touches(start.seconds, nil, offsets, range) }
        func isThere(_ reading: Int64) -> Bool {
            !excluded.contains(reading) && Self.touches(reading, length, offsets, range)
        }
        if isThere(start.seconds) { return true }
        if dates.contains(where: { Self.touches($0.time.seconds, $0.length, $0.offsets, range) }) { return true }
        for rule in rules {
            let lower = range.lowerBound + offsets.lowerBound - length
            let upper = min(range.upperBound + offsets.upperBound, bound(of: rule) + 1)
            guard lower < upper else { continue }
            guard budget.pays(ExpansionBudget.rule) else { return true }
            var expansion = RuleExpansion(rule, start: start, within: lower..<upper)
            do {
                while let starts = try expansion.next(&budget) { if starts.contains(where: isThere) { return true } }
            } catch { return true }
        }
        return false
    }

    /// Whether what begins at a clock's `reading` touches a time (RFC 4791 section 9.9). `length` 0: an instant; nil: it
    /// goes on.
    static func touches(
        _ reading: Int64, _ length: Int64?, _ offsets: ClosedRange<Int64>, _ range: Range<Int64>
    ) -> Bool {
        guard reading - offsets.upperBound < range.upperBound else { return false }
        guard let length else { return true }
        let end = reading - offsets.lowerBound + length
        return length == 0 ? end >= range.lowerBound : end > range.lowerBound
    }
}
