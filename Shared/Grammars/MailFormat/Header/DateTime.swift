// SPDX-License-Identifier: Apache-2.0

/// A moment with the offset that it was told in (RFC 5322 section 3.3).
package struct DateTime: Sendable, Hashable, Codable {
    /// Seconds since 1970-01-01T00:00:00Z.
    package var seconds: Int64
    /// Minutes east of UTC, −1439…1439.
    package var zoneMinutes: Int

    package init(seconds: Int64, zoneMinutes: Int = 0) {
        self.seconds = seconds
        self.zoneMinutes = min(max(zoneMinutes, -1_439), 1_439)
    }

    static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]

    /// As in `Tue, 24 Nov 2026 03:16:26 +0000`; obsolete years, zones and comments too. `nil` for what is no date.
    package init?(parsing text: String) {
        var clean = String.UnicodeScalarView()
        var depth = 0
        for character in text.unicodeScalars.prefix(200) {
            if character == "(" {
                depth += 1
            } else if character == ")" {
                depth -= 1
            } else if depth <= 0 {
                clean.append(character)
            }
        }
        var words = clean.split { " \t\r\n,".unicodeScalars.contains($0) }.map(String.init)
        if let first = words.first, first.first?.isLetter == true { words.removeFirst() }
        // 24-Nov-2026 is not RFC 5322, but met
        if let first = words.first, first.contains("-") {
            words.replaceSubrange(0..<1, with: first.split(separator: "-").map(String.init))
        }
        guard words.count >= 4, let day = Int(words[0]), (1...31).contains(day),
            let month = Self.months.firstIndex(of: words[1].lowercased().prefix(3).description),
            var year = Int(words[2]), year >= 0
        else { return nil }
        if words[2].count <= 2 { year += year < 50 ? 2_000 : 1_900 } else if words[2].count == 3 { year += 1_900 }
        guard (1_900...9_999).contains(year) else { return nil }
        let clock = words[3].split(separator: ":").map { Int($0) }
        guard (2...3).contains(clock.count), let hour = clock[0], let minute = clock[1], (0...23).contains(hour),
            (0...59).contains(minute), let second = clock.count == 3 ? clock[2] : 0, (0...60).contains(second)
        else { return nil }
        let zone = words.count > 4 ? Self.zone(words[4]) : 0
        let local =
            Self.daysFromCivil(year, month + 1, day) * 86_400 + Int64(hour * 3_600 + minute * 60 + min(second, 59))
        self.init(seconds: local - Int64(zone * 60), zoneMinutes: zone)
    }

    private static func zone(_ word: String) -> Int {
        if let sign = word.first, sign == "+" || sign == "-", word.count == 5, let value = Int(word.dropFirst()) {
            let minutes = value / 100 * 60 + value % 100
            return sign == "-" ? -minutes : minutes
        }
        let hours = ["EDT": -4, "EST": -5, "CDT": -5, "CST": -6, "MDT": -6, "MST": -7, "PDT": -7, "PST": -8]
        return (hours[word.uppercased()] ?? 0) * 60
    }

    /// `Tue, 24 Nov 2026 03:16:26 +0000`
    package var description: String {
        let local = seconds + Int64(zoneMinutes * 60)
        let day = Self.floor(local, 86_400)
        let clock = Int(local - day * 86_400)
        let (year, month, date) = Self.civil(day)
        let weekday = Self.days[Int((day % 7 + 11) % 7)]
        let name = Self.months[month - 1]
        let zone = abs(zoneMinutes)
        return "\(weekday), \(date) \(name.prefix(1).uppercased())\(name.dropFirst()) \(Self.pad(year, 4)) "
            + "\(Self.pad(clock / 3_600)):\(Self.pad(clock / 60 % 60)):\(Self.pad(clock % 60)) "
            + "\(zoneMinutes < 0 ? "-" : "+")\(Self.pad(zone / 60))\(Self.pad(zone % 60))"
    }

    /// Days since 1970-01-01 in the offset it was told in: what IMAP's SENTON compares.
    package var localDay: Int { Int(Self.floor(seconds + Int64(zoneMinutes * 60), 86_400)) }

    private static func pad(_ number: Int, _ width: Int = 2) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }

    private static func floor(_ value: Int64, _ by: Int64) -> Int64 {
        value >= 0 ? value / by : -((-value + by - 1) / by)
    }

    /// Days since 1970-01-01 of a Gregorian date.
    package static func daysFromCivil(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
        let y = Int64(month <= 2 ? year - 1 : year)
        let era = floor(y, 400)
        let yearOfEra = y - era * 400
        let dayOfYear = Int64((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1)
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    package static func civil(_ days: Int64) -> (year: Int, month: Int, day: Int) {
        let z = days + 719_468
        let era = floor(z, 146_097)
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let m = (5 * dayOfYear + 2) / 153
        let month = Int(m < 10 ? m + 3 : m - 9)
        return (Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0), month, Int(dayOfYear - (153 * m + 2) / 5 + 1))
    }
}

extension DateTime: CustomStringConvertible {}
