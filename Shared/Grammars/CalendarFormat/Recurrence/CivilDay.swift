// SPDX-License-Identifier: Apache-2.0

/// A day of the Gregorian calendar.
struct CivilDay: Equatable {
    let year: Int64
    /// From 1.
    let month: Int64
    /// Of the month, from 1.
    let day: Int64

    /// `number`: days since 1970-01-01.
    init(number: Int64) {
        // Years begin in March here, so that the leap day is the last one.
        let shifted = number + 719_468
        let era = shifted.dividedDown(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Days since 1970-01-01. A day that the month does not have is one of the next month.
    static func number(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted.dividedDown(by: 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    static func daysInMonth(_ year: Int64, _ month: Int64) -> Int64 {
        (month == 12 ? number(year + 1, 1, 1) : number(year, month + 1, 1)) - number(year, month, 1)
    }

    static func daysInYear(_ year: Int64) -> Int64 { number(year + 1, 1, 1) - number(year, 1, 1) }

    /// 0 is Monday.
    static func weekday(_ number: Int64) -> Int64 { number + 3 - (number + 3).dividedDown(by: 7) * 7 }
}

extension Int64 {
    /// Rounded towards minus infinity.
    func dividedDown(by divisor: Int64) -> Int64 { self >= 0 ? self / divisor : -((divisor - 1 - self) / divisor) }
}
