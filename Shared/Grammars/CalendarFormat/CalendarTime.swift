// SPDX-License-Identifier: Apache-2.0

/// DATE and DATE-TIME (RFC 5545 sections 3.3.4 and 3.3.5), read as if in UTC.
struct CalendarTime: Equatable {
    /// Since 1970, of the clock's reading.
    let seconds: Int64
    let isDate: Bool
    /// Otherwise it is of a time zone, or of wherever one is.
    let isUTC: Bool

    /// Of a day.
    var length: Int64 { isDate ? 86_400 : 0 }

    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 8 || bytes.count == 15 || bytes.count == 16 else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            var value: Int64 = 0
            for byte in bytes[range] {
                guard (0x30...0x39).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - 0x30)
            }
            return value
        }
        guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8), (1...12).contains(month),
            (1...31).contains(day)
        else { return nil }
        let midnight = CivilDay.number(year, month, day) * 86_400
        guard bytes.count > 8 else {
            (seconds, isDate, isUTC) = (midnight, true, false)
            return
        }
        guard bytes[8] == 0x54, bytes.count == 15 || bytes[15] == 0x5A, let hour = number(9..<11),
            let minute = number(11..<13), let second = number(13..<15), hour < 24, minute < 60, second <= 60
        else { return nil }
        seconds = midnight + hour * 3_600 + minute * 60 + second
        isDate = false
        isUTC = bytes.count == 16
    }
}
