// SPDX-License-Identifier: Apache-2.0
import BackupJobs
import Foundation

/// Which backups are kept: the newest of each of the last days, weeks (from Monday) and months that have one. The newest
/// of all always is. One that lacks a file stands in for no complete one: both are kept then. In UTC.
package struct Retention: Sendable, Equatable {
    package var daily: Int
    package var weekly: Int
    package var monthly: Int

    package init(daily: Int = 7, weekly: Int = 4, monthly: Int = 6) {
        self.daily = daily
        self.weekly = weekly
        self.monthly = monthly
    }

    /// As `7d 4w 6m`, in any order; what is absent is 0. `nil` for anything else.
    package init?(_ text: String) {
        self.init(daily: 0, weekly: 0, monthly: 0)
        let words = text.split(whereSeparator: { $0 == " " || $0 == "," })
        guard !words.isEmpty else { return nil }
        for word in words {
            guard let number = Int(word.dropLast()), (0...1000).contains(number) else { return nil }
            switch word.last {
            case "d": daily = number
            case "w": weekly = number
            case "m": monthly = number
            default: return nil
            }
        }
    }

    package var description: String { "\(daily) daily, \(weekly) weekly, \(monthly) monthly" }

    /// Of ids (`Manifest.id`), those that may go.
    /// - Parameter incomplete: those of them that lack a file, or cannot be read.
    package func superfluous(_ ids: [String], incomplete: Set<String> = []) -> Set<String> {
        let kept = kept(ids).union(kept(ids.filter { !incomplete.contains($0) }))
        return Set(ids.filter { Self.date(of: $0) != nil }).subtracting(kept)
    }

    private func kept(_ ids: [String]) -> Set<String> {
        let newestFirst = ids.sorted(by: >)
        var kept: Set<String> = Set(newestFirst.prefix(1))
        func keep(_ count: Int, _ period: (Date) -> String) {
            var seen: [String] = []
            for id in newestFirst where seen.count < count {
                guard let date = Self.date(of: id) else { continue }
                let name = period(date)
                if seen.last != name {
                    seen.append(name)
                    kept.insert(id)
                }
            }
        }
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = TimeZone(secondsFromGMT: 0) ?? .gmt
        func name(_ date: Date, _ parts: Set<Calendar.Component>) -> String {
            let found = calendar.dateComponents(parts, from: date)
            return
                "\(found.year ?? 0) \(found.yearForWeekOfYear ?? 0) \(found.month ?? 0) \(found.weekOfYear ?? 0) \(found.day ?? 0)"
        }
        keep(daily) { name($0, [.year, .month, .day]) }
        keep(weekly) { name($0, [.yearForWeekOfYear, .weekOfYear]) }
        keep(monthly) { name($0, [.year, .month]) }
        return kept
    }

    /// An id that says no time is never removed.
    private static func date(of id: String) -> Date? {
        guard BackupSummary.isID(id) else { return nil }
        let digits = Array(id.utf8)
        func number(_ range: Range<Int>) -> Int? { Int(String(decoding: digits[range], as: UTF8.self)) }
        var parts = DateComponents()
        parts.timeZone = .gmt
        (parts.year, parts.month, parts.day) = (number(0..<4), number(4..<6), number(6..<8))
        (parts.hour, parts.minute, parts.second) = (number(9..<11), number(11..<13), number(13..<15))
        return Calendar(identifier: .gregorian).date(from: parts)
    }
}
