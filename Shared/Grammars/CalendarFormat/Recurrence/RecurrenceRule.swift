// SPDX-License-Identifier: Apache-2.0

/// RRULE (RFC 5545 section 3.3.10).
///
///     FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1
struct RecurrenceRule: Equatable, Sendable {
    enum Frequency: String, Sendable {
        case secondly = "SECONDLY"
        case minutely = "MINUTELY"
        case hourly = "HOURLY"
        case daily = "DAILY"
        case weekly = "WEEKLY"
        case monthly = "MONTHLY"
        case yearly = "YEARLY"
    }

    /// `-1SU`
    struct Weekday: Hashable, Sendable {
        /// 0: every one of the period.
        let ordinal: Int64
        /// 0 is Monday.
        let day: Int64
    }

    var frequency = Frequency.yearly
    var interval: Int64 = 1
    var count: Int?
    var until: CalendarTime?
    /// 0 is Monday.
    var weekStart: Int64 = 0
    /// Sorted, each once; empty: not said.
    var seconds: [Int64] = []
    var minutes: [Int64] = []
    var hours: [Int64] = []
    var monthDays: [Int64] = []
    var yearDays: [Int64] = []
    var weeks: [Int64] = []
    var months: [Int64] = []
    var positions: [Int64] = []
    var weekdays: [Weekday] = []

    /// Seconds from each start to the next, of a rule that has none but those: by week or shorter, and no part that chooses.
    var step: Int64? {
        let lists = [seconds, minutes, hours, monthDays, yearDays, weeks, months, positions]
        guard weekdays.isEmpty, lists.allSatisfy(\.isEmpty) else { return nil }
        return switch frequency {
        case .secondly: interval
        case .minutely: interval * 60
        case .hourly: interval * 3_600
        case .daily: interval * 86_400
        case .weekly: interval * 604_800
        case .monthly, .yearly: nil
        }
    }

    /// `nil`: something in it is unknown (such as RSCALE), forbidden beside the rest, or out of its bounds.
    init?(_ text: String) {
        var seen: Set<String> = []
        for part in text.uppercased().split(separator: ";") {
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard halves.count == 2, seen.insert(halves[0]).inserted, read(halves[0], halves[1]) else { return nil }
        }
        guard seen.contains("FREQ"), count == nil || until == nil else { return nil }
        let isYearly = frequency == .yearly
        guard weeks.isEmpty || isYearly, yearDays.isEmpty || ![.daily, .weekly, .monthly].contains(frequency),
            weekdays.allSatisfy({ $0.ordinal == 0 }) || frequency == .monthly || isYearly && weeks.isEmpty
        else { return nil }
    }

    private mutating func read(_ name: String, _ value: String) -> Bool {
        switch name {
        case "FREQ": return set(\.frequency, Frequency(rawValue: value))
        case "INTERVAL": return set(\.interval, Self.number(value, 1...1_000_000))
        case "COUNT":
            count = Self.number(value, 1...1_000_000_000).map(Int.init)
            return count != nil
        case "UNTIL":
            until = CalendarTime(value)
            return until != nil
        case "WKST": return set(\.weekStart, Self.days.firstIndex(of: value).map(Int64.init))
        case "BYSECOND": return set(\.seconds, Self.list(value, 0...60))
        case "BYMINUTE": return set(\.minutes, Self.list(value, 0...59))
        case "BYHOUR": return set(\.hours, Self.list(value, 0...23))
        case "BYMONTHDAY": return set(\.monthDays, Self.list(value, 1...31, orNegative: true))
        case "BYYEARDAY": return set(\.yearDays, Self.list(value, 1...366, orNegative: true))
        case "BYWEEKNO": return set(\.weeks, Self.list(value, 1...53, orNegative: true))
        case "BYMONTH": return set(\.months, Self.list(value, 1...12))
        case "BYSETPOS": return set(\.positions, Self.list(value, 1...366, orNegative: true))
        case "BYDAY": return set(\.weekdays, Self.weekdays(value))
        default: return false
        }
    }

    private mutating func set<T>(_ part: WritableKeyPath<Self, T>, _ value: T?) -> Bool {
        guard let value else { return false }
        self[keyPath: part] = value
        return true
    }

    private static let days = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]

    private static func number(_ text: some StringProtocol, _ range: ClosedRange<Int64>) -> Int64? {
        guard let number = Int64(text), range.contains(number) else { return nil }
        return number
    }

    private static func list(_ text: String, _ range: ClosedRange<Int64>, orNegative: Bool = false) -> [Int64]? {
        var found: Set<Int64> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let number = Int64(part), range.contains(number) || orNegative && range.contains(0 &- number) else {
                return nil
            }
            found.insert(number)
        }
        return found.sorted()
    }

    private static func weekdays(_ text: String) -> [Weekday]? {
        var found: Set<Weekday> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let day = days.firstIndex(of: String(part.suffix(2))).map(Int64.init) else { return nil }
            let ordinal = part.dropLast(2)
            guard ordinal.isEmpty || Int64(ordinal).map({ (1...53).contains($0.magnitude) }) == true else { return nil }
            found.insert(Weekday(ordinal: Int64(ordinal) ?? 0, day: day))
        }
        return Array(found)
    }
}
