// SPDX-License-Identifier: Apache-2.0

/// `"17-Jul-1996 02:44:25 -0700"` (RFC 9051 section 9, date-time).
package struct InternalDateText: Sendable, Equatable {
    package let day: Int, month: Int, year: Int
    package let hour: Int, minute: Int, second: Int
    /// Minutes east of UTC.
    package let zoneMinutes: Int

    static let months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]

    package init(day: Int, month: Int, year: Int, hour: Int, minute: Int, second: Int, zoneMinutes: Int) {
        (self.day, self.month, self.year, self.hour) = (day, month, year, hour)
        (self.minute, self.second, self.zoneMinutes) = (minute, second, zoneMinutes)
    }

    init?(_ text: String) {
        let words = text.split(separator: " ").map(String.init)
        guard words.count == 3, let date = Self.date(words[0]) else { return nil }
        let clock = words[1].split(separator: ":").compactMap { Int($0) }
        let zone = words[2]
        guard clock.count == 3, (0...23).contains(clock[0]), (0...59).contains(clock[1]), (0...60).contains(clock[2]),
            zone.utf8.count == 5, let sign = zone.first, sign == "+" || sign == "-",
            let offset = UInt16(zone.dropFirst()).map(Int.init),
            offset < 2_400, offset % 100 < 60
        else { return nil }
        let minutes = offset / 100 * 60 + offset % 100
        self.init(
            day: date.day, month: date.month, year: date.year, hour: clock[0], minute: clock[1], second: clock[2],
            zoneMinutes: sign == "-" ? -minutes : minutes)
    }

    /// `17-Jul-1996`
    static func date(_ text: String) -> (day: Int, month: Int, year: Int)? {
        let parts = text.split(separator: "-")
        guard parts.count == 3, let day = Int(parts[0]), let month = months.firstIndex(of: parts[1].uppercased()),
            let year = Int(parts[2]), (1...9_999).contains(year)
        else { return nil }
        let isLeapYear = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = month == 1 ? (isLeapYear ? 29 : 28) : [3, 5, 8, 10].contains(month) ? 30 : 31
        guard (1...days).contains(day) else { return nil }
        return (day, month + 1, year)
    }
}

extension CommandParser {
    /// APPEND mailbox [flag-list] [date-time] literal (RFC 9051 section 6.3.12)
    mutating func append() throws(Failure) -> Command {
        try space()
        let mailbox = try mailbox()
        try space()
        var flags: [String] = []
        if next == 0x28 {
            flags = try flagList()
            try space()
        }
        var date: InternalDateText?
        if next == 0x22 {
            let text = String(decoding: try string(), as: UTF8.self)
            date = InternalDateText(text.first == " " ? String(text.dropFirst()) : text)
            guard date != nil else { throw fail("the date is none") }
            try space()
        }
        guard next == 0 else { throw fail("the message must be a literal") }
        return .append(mailbox: mailbox, flags: flags, date: date, message: try string())
    }
}
