// SPDX-License-Identifier: Apache-2.0

/// The starts that a rule gives inside a window of time, a period of its frequency after the other (RFC 5545 section
/// 3.3.10).
///
/// Times are what the clock of DTSTART reads, in seconds since 1970: recurrences are of that clock, whatever the
/// zone does.
struct RuleExpansion {
    private static let day: Int64 = 86_400
    /// The last second of the year 9999.
    static let end: Int64 = 253_402_300_799

    private let rule: RecurrenceRule
    private let start: Int64
    private let window: Range<Int64>
    /// Seconds after midnight, of rules by day or longer.
    private let times: [Int64]
    private let origin: Origin
    private var index: Int64 = 0
    private var counted = 0
    private var isDone = false

    /// Where the period of DTSTART begins.
    private enum Origin {
        case year(Int64)
        /// Since the year 0.
        case month(Int64)
        /// Days since 1970, and days from one period to the next.
        case day(Int64, step: Int64)
        /// Seconds since 1970, and seconds from one period to the next.
        case second(Int64, step: Int64)
    }

    init(_ written: RecurrenceRule, start: CalendarTime, within window: Range<Int64>) {
        rule = written.completed(from: start)
        self.start = start.seconds
        self.window = window
        let dayNumber = start.seconds.dividedDown(by: Self.day)
        let first = CivilDay(number: dayNumber)
        switch rule.frequency {
        case .yearly: origin = .year(first.year)
        case .monthly: origin = .month(first.year * 12 + first.month - 1)
        case .weekly:
            origin = .day(
                dayNumber - (CivilDay.weekday(dayNumber) - rule.weekStart + 7) % 7, step: 7 * rule.interval)
        case .daily: origin = .day(dayNumber, step: rule.interval)
        case .hourly:
            origin = .second(start.seconds.dividedDown(by: 3_600) * 3_600, step: 3_600 * rule.interval)
        case .minutely: origin = .second(start.seconds.dividedDown(by: 60) * 60, step: 60 * rule.interval)
        case .secondly: origin = .second(start.seconds, step: rule.interval)
        }
        if case .second = origin {
            times = []
        } else {
            let rule = rule
            times = rule.hours.flatMap { hour in
                rule.minutes.flatMap { minute in rule.seconds.map { hour * 3_600 + minute * 60 + $0 } }
            }
        }
        // What is counted must be counted from the first on; all else may be passed over. With a step, there is one in each.
        guard window.lowerBound > start.seconds, rule.count == nil || written.step != nil else { return }
        index = max(0, period(of: window.lowerBound) - 1)
        guard let count = rule.count else { return }
        isDone = index >= count
        counted = isDone ? count : Int(index)
    }

    private func period(of time: Int64) -> Int64 {
        let dayNumber = time.dividedDown(by: Self.day)
        let civil = CivilDay(number: dayNumber)
        return switch origin {
        case .year(let year): (civil.year - year) / rule.interval
        case .month(let month): (civil.year * 12 + civil.month - 1 - month) / rule.interval
        case .day(let first, let step): (dayNumber - first) / step
        case .second(let first, let step): (time - first) / step
        }
    }

    /// Those of the next period that has any, in order; nil: no more.
    mutating func next(_ budget: inout ExpansionBudget) throws(ExpansionBudget.Spent) -> [Int64]? {
        while !isDone {
            guard var starts = try nextSet(&budget) else { return nil }
            if !rule.positions.isEmpty {
                let all = starts
                let chosen = rule.positions.map { $0 > 0 ? Int($0) - 1 : all.count + Int($0) }
                starts = Set(chosen.filter(all.indices.contains)).sorted().map { all[$0] }
            }
            starts.removeAll { $0 < start }
            if let count = rule.count {
                starts = Array(starts.prefix(count - counted))
                counted += starts.count
                isDone = counted >= count
            }
            starts.removeAll { !window.contains($0) }
            if !starts.isEmpty { return starts }
        }
        return nil
    }

    /// All of one period, before positions are chosen; nil: it lies behind the window.
    private mutating func nextSet(_ budget: inout ExpansionBudget) throws(ExpansionBudget.Spent) -> [Int64]? {
        try budget.spend(1)
        let days: [Int64]
        switch origin {
        case .year(let first):
            let year = first + index * rule.interval
            // A week of the year may begin in the one before.
            guard (CivilDay.number(year, 1, 1) - 7) * Self.day < window.upperBound else { return nil }
            days = rule.days(ofYear: year)
        case .month(let first):
            let month = first + index * rule.interval
            let (year, monthOfYear) = (month / 12, month % 12 + 1)
            let day = CivilDay.number(year, monthOfYear, 1)
            guard day * Self.day < window.upperBound else { return nil }
            let isWanted = rule.months.isEmpty || rule.months.contains(monthOfYear)
            days = isWanted ? Array(day..<day + CivilDay.daysInMonth(year, monthOfYear)) : []
        case .day(let first, let step):
            let day = first + index * step
            guard day * Self.day < window.upperBound else { return nil }
            days = rule.frequency == .weekly ? Array(day..<day + 7) : [day]
        case .second(let first, let step):
            let time = first + index * step
            guard time < window.upperBound else { return nil }
            return within(time, first: first, step: step)
        }
        index += 1
        try budget.spend(days.count)
        let wanted = days.filter(rule.takes)
        try budget.spend(wanted.count * times.count)
        return wanted.flatMap { day in times.map { day * Self.day + $0 } }
    }

    /// Of an hour, a minute or a second.
    private mutating func within(_ time: Int64, first: Int64, step: Int64) -> [Int64] {
        let dayNumber = time.dividedDown(by: Self.day)
        guard rule.takes(dayNumber) else {
            // On to the next day.
            index += max(1, ((dayNumber + 1) * Self.day - time + step - 1) / step)
            return []
        }
        index += 1
        let ofDay = time - dayNumber * Self.day
        func takes(_ value: Int64, _ list: [Int64]) -> Bool { list.isEmpty || list.contains(value) }
        guard takes(ofDay / 3_600, rule.hours) else { return [] }
        switch rule.frequency {
        case .hourly:
            return rule.minutes.flatMap { minute in rule.seconds.map { time + minute * 60 + $0 } }
        case .minutely:
            return takes(ofDay / 60 % 60, rule.minutes) ? rule.seconds.map { time + $0 } : []
        default:
            return takes(ofDay / 60 % 60, rule.minutes) && takes(ofDay % 60, rule.seconds) ? [time] : []
        }
    }
}

extension RecurrenceRule {
    /// What the rule leaves out is as DTSTART has it.
    fileprivate func completed(from start: CalendarTime) -> RecurrenceRule {
        var rule = self
        let dayNumber = start.seconds.dividedDown(by: 86_400)
        let first = CivilDay(number: dayNumber)
        let weekday = Weekday(ordinal: 0, day: CivilDay.weekday(dayNumber))
        let hasDays = !monthDays.isEmpty || !yearDays.isEmpty || !weekdays.isEmpty
        switch frequency {
        case .yearly where !hasDays && !weeks.isEmpty: rule.weekdays = [weekday]
        case .yearly where !hasDays:
            if months.isEmpty { rule.months = [first.month] }
            rule.monthDays = [first.day]
        case .monthly where !hasDays: rule.monthDays = [first.day]
        case .weekly where !hasDays: rule.weekdays = [weekday]
        default: break
        }
        let ofDay = start.seconds - dayNumber * 86_400
        if start.isDate { (rule.hours, rule.minutes, rule.seconds) = ([], [], []) }
        if ![.hourly, .minutely, .secondly].contains(frequency), rule.hours.isEmpty { rule.hours = [ofDay / 3_600] }
        if ![.minutely, .secondly].contains(frequency), rule.minutes.isEmpty { rule.minutes = [ofDay / 60 % 60] }
        if frequency != .secondly, rule.seconds.isEmpty { rule.seconds = [ofDay % 60] }
        return rule
    }

    /// Days since 1970 that a year's rule looks at.
    fileprivate func days(ofYear year: Int64) -> [Int64] {
        guard weeks.isEmpty else {
            let first = firstWeek(of: year)
            let count = (firstWeek(of: year + 1) - first) / 7
            let chosen = weeks.map { $0 > 0 ? $0 - 1 : count + $0 }.filter { $0 >= 0 && $0 < count }
            return Set(chosen).sorted().flatMap { week -> Range<Int64> in
                let day = first + week * 7
                return day..<day + 7
            }
        }
        guard months.isEmpty else {
            return months.flatMap { month -> Range<Int64> in
                let first = CivilDay.number(year, month, 1)
                return first..<first + CivilDay.daysInMonth(year, month)
            }
        }
        return Array(CivilDay.number(year, 1, 1)..<CivilDay.number(year + 1, 1, 1))
    }

    /// The first week is the one with four days or more in the year.
    private func firstWeek(of year: Int64) -> Int64 {
        let fourth = CivilDay.number(year, 1, 4)
        return fourth - (CivilDay.weekday(fourth) - weekStart + 7) % 7
    }

    /// Whether the parts that name days allow one.
    fileprivate func takes(_ dayNumber: Int64) -> Bool {
        let civil = CivilDay(number: dayNumber)
        guard months.isEmpty || months.contains(civil.month) else { return false }
        let length = CivilDay.daysInMonth(civil.year, civil.month)
        guard monthDays.isEmpty || monthDays.contains(civil.day) || monthDays.contains(civil.day - length - 1) else {
            return false
        }
        let dayOfYear = dayNumber - CivilDay.number(civil.year, 1, 1) + 1
        let yearLength = CivilDay.daysInYear(civil.year)
        guard yearDays.isEmpty || yearDays.contains(dayOfYear) || yearDays.contains(dayOfYear - yearLength - 1) else {
            return false
        }
        guard !weekdays.isEmpty else { return true }
        // Ordinals are of the year unless the rule names months.
        let (day, last) =
            frequency == .yearly && months.isEmpty ? (dayOfYear, yearLength) : (civil.day, length)
        let (fromStart, fromEnd) = ((day - 1) / 7 + 1, -((last - day) / 7 + 1))
        return weekdays.contains {
            $0.day == CivilDay.weekday(dayNumber) && [0, fromStart, fromEnd].contains($0.ordinal)
        }
    }
}
