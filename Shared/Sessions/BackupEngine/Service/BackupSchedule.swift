// SPDX-License-Identifier: Apache-2.0
import Foundation

/// When backups are taken by themselves. Times are seconds since 1970.
package enum BackupSchedule: Sendable, Equatable {
    /// Each day at this minute of the day, in UTC.
    case daily(minute: Int)
    case every(hours: Int)
    /// Only when asked.
    case off

    private static let day: Int64 = 86_400
    /// A time of day is spread by so much, so that many servers do not come to one storage at once.
    private static let spread: Int64 = 600
    /// What was missed, or is the first, begins so long after the start.
    private static let soon: Int64 = 60

    /// As `03:15`, `every 6h` or `off`. `nil` for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: ":")
        if text == "off" {
            self = .off
        } else if parts.count == 2, let hour = Int(parts[0]), let minute = Int(parts[1]), (0..<24).contains(hour),
            (0..<60).contains(minute)
        {
            self = .daily(minute: hour * 60 + minute)
        } else if text.hasPrefix("every "), text.hasSuffix("h"), let hours = Int(text.dropFirst(6).dropLast()),
            (1...720).contains(hours)
        {
            self = .every(hours: hours)
        } else {
            return nil
        }
    }

    package var description: String {
        switch self {
        case .daily(let minute):
            "every day at \(minute / 60 < 10 ? "0" : "")\(minute / 60):\(minute % 60 < 10 ? "0" : "")\(minute % 60) UTC"
        case .every(let hours): hours == 1 ? "every hour" : "every \(hours) hours"
        case .off: "not by itself"
        }
    }

    /// Seconds after which a new backup is overdue: twice the time between two. `nil`: never.
    package var overdue: Int64? {
        switch self {
        case .daily: 2 * Self.day
        case .every(let hours): 2 * Int64(hours) * 3_600
        case .off: nil
        }
    }

    /// When the next one begins. `nil`: not by itself.
    /// - Parameters:
    ///   - last: when the newest backup was begun; `nil`: there is none.
    ///   - chance: 0 to 1.
    package func next(now: Int64, last: Int64?, chance: Double) -> Int64? {
        let spread = Int64(Double(Self.spread) * chance)
        let soon = now + Self.soon + Int64(Double(Self.soon) * chance)
        switch self {
        case .off: return nil
        case .every(let hours):
            guard let last else { return soon }
            return max(last + Int64(hours) * 3_600, soon)
        case .daily(let minute):
            guard let last, now - last < Self.day + Self.spread + 3_600 else { return soon }
            let today = now - now % Self.day + Int64(minute) * 60 + spread
            // The one of today may have been taken already, early in its spread.
            return today > now && today - last > Self.spread * 2 ? today : today + Self.day
        }
    }
}
