// SPDX-License-Identifier: Apache-2.0

import Foundation

/// `date-time` of RFC 5322 section 3.3, in UTC: `Tue, 24 Nov 2026 04:20:19 +0000`.
package enum MailDate {
    @Sendable package static func now() -> String {
        text(seconds: Int64(Date().timeIntervalSince1970))
    }

    /// `seconds` since 1970-01-01T00:00:00Z.
    package static func text(seconds: Int64) -> String {
        let day = seconds / 86_400 - (seconds % 86_400 < 0 ? 1 : 0)
        let second = seconds - day * 86_400
        // Days to a date of the Gregorian calendar, counted in eras of 400 years that begin on 1 March.
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * dayOfYear + 2) / 153
        let month = march < 10 ? march + 3 : march - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let weekday = ((day % 7) + 11) % 7
        let names = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        return "\(names[Int(weekday)]), \(dayOfYear - (153 * march + 2) / 5 + 1) \(months[Int(month) - 1]) \(year) "
            + "\(two(second / 3_600)):\(two(second / 60 % 60)):\(two(second % 60)) +0000"
    }

    private static func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
