// SPDX-License-Identifier: Apache-2.0

/// `time-range` (RFC 4791 section 9.9): seconds since 1970, from `start` to before `end`; what is not said is open.
package struct TimeRange: Equatable, Sendable {
    package let start: Int64?
    package let end: Int64?

    package init(start: Int64?, end: Int64?) {
        self.start = start
        self.end = end
    }

    init(_ element: XMLElement) throws(DAVRequestError) {
        start = try Self.time(element.attribute("start"))
        end = try Self.time(element.attribute("end"))
        guard start != nil || end != nil else { throw .malformed("a time-range needs start or end") }
        if let start, let end, start >= end { throw .unsupportedFilter("the time-range is empty") }
    }

    private static func time(_ text: String?) throws(DAVRequestError) -> Int64? {
        guard let text else { return nil }
        guard let time = UTCTime.seconds(text) else { throw .malformed("\(text.prefix(40)) is no time in UTC") }
        return time
    }
}

/// Times such as `20060104T000000Z`.
enum UTCTime {
    /// Seconds since 1970.
    static func seconds(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count == 16, bytes[8] == 0x54, bytes[15] == 0x5A else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            var value: Int64 = 0
            for byte in bytes[range] {
                guard (0x30...0x39).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - 0x30)
            }
            return value
        }
        guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8), let hour = number(9..<11),
            let minute = number(11..<13), let second = number(13..<15), (1...12).contains(month),
            (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        // Days since 1970 of a Gregorian date, with years that begin in March.
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return (era * 146_097 + dayOfEra - 719_468) * 86_400 + hour * 3_600 + minute * 60 + second
    }
}
