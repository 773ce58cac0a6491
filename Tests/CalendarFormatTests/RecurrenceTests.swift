// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import CalendarFormat

/// Recurrences that searches by time find. The rules and their results are those of RFC 5545 section 3.8.5.3.
@Suite struct RecurrenceTests {
    /// Starts as the clock reads them, up to `limit`.
    private func starts(_ start: String, _ rule: String, limit: Int = 20, steps: Int = 100_000) throws -> [String] {
        let rule = try #require(RecurrenceRule(rule))
        let start = try #require(CalendarTime(start))
        var expansion = RuleExpansion(rule, start: start, within: start.seconds..<RuleExpansion.end)
        var budget = ExpansionBudget(steps: steps)
        var found: [Int64] = []
        while found.count < limit, let more = try expansion.next(&budget) { found += more }
        return found.prefix(limit).map { time in
            let day = CivilDay(number: time.dividedDown(by: 86_400))
            func two(_ number: Int64) -> String { (number < 10 ? "0" : "") + "\(number)" }
            let ofDay = time - time.dividedDown(by: 86_400) * 86_400
            return "\(day.year)\(two(day.month))\(two(day.day))"
                + (ofDay == 32_400 ? "" : "T\(two(ofDay / 3_600))\(two(ofDay / 60 % 60))")
        }
    }

    @Test(
        arguments: [
            ("19970902T090000", "FREQ=DAILY;COUNT=3", "19970902 19970903 19970904"),
            ("19970902T090000", "FREQ=DAILY;INTERVAL=10;COUNT=5", "19970902 19970912 19970922 19971002 19971012"),
            ("19980101T090000", "FREQ=YEARLY;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA", "19980101 19980102 19980103"),
            ("19980101T090000", "FREQ=DAILY;BYMONTH=1", "19980101 19980102 19980103"),
            ("19970902T090000", "FREQ=WEEKLY;COUNT=4", "19970902 19970909 19970916 19970923"),
            ("19970902T090000", "FREQ=WEEKLY;INTERVAL=2;WKST=SU", "19970902 19970916 19970930 19971014"),
            (
                "19970901T090000", "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=MO,WE,FR",
                "19970901 19970903 19970905 19970915 19970917 19970919 19970929"
            ),
            ("19970902T090000", "FREQ=WEEKLY;COUNT=4;WKST=SU;BYDAY=TU,TH", "19970902 19970904 19970909 19970911"),
            ("19970905T090000", "FREQ=MONTHLY;COUNT=4;BYDAY=1FR", "19970905 19971003 19971107 19971205"),
            (
                "19970907T090000", "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU",
                "19970907 19970928 19971102 19971130 19980104 19980125 19980301 19980329 19980503 19980531"
            ),
            (
                "19970922T090000", "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO",
                "19970922 19971020 19971117 19971222 19980119 19980216"
            ),
            ("19970928T090000", "FREQ=MONTHLY;BYMONTHDAY=-3", "19970928 19971029 19971128 19971229 19980129 19980226"),
            ("19970930T090000", "FREQ=MONTHLY;COUNT=4;BYMONTHDAY=1,-1", "19970930 19971001 19971031 19971101"),
            ("19970910T090000", "FREQ=MONTHLY;INTERVAL=18;COUNT=3;BYMONTHDAY=10,11", "19970910 19970911 19990310"),
            ("19970610T090000", "FREQ=YEARLY;COUNT=4;BYMONTH=6,7", "19970610 19970710 19980610 19980710"),
            ("19970310T090000", "FREQ=YEARLY;INTERVAL=2;COUNT=4;BYMONTH=1,2,3", "19970310 19990110 19990210 19990310"),
            (
                "19970101T090000", "FREQ=YEARLY;INTERVAL=3;COUNT=5;BYYEARDAY=1,100,200",
                "19970101 19970410 19970719 20000101 20000409"
            ),
            ("19970519T090000", "FREQ=YEARLY;BYDAY=20MO", "19970519 19980518 19990517"),
            ("19970512T090000", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "19970512 19980511 19990517"),
            ("19970313T090000", "FREQ=YEARLY;BYMONTH=3;BYDAY=TH", "19970313 19970320 19970327 19980305"),
            ("19970902T090000", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "19980213 19980313 19981113 19990813 20001013"),
            ("19970913T090000", "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13", "19970913 19971011 19971108"),
            (
                "19961105T090000", "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
                "19961105 20001107 20041102"
            ),
            ("19970904T090000", "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "19970904 19971007 19971106"),
            ("19970929T090000", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", "19970929 19971030 19971127 19971230"),
            ("19970902T090000", "FREQ=HOURLY;INTERVAL=3;COUNT=3", "19970902 19970902T1200 19970902T1500"),
            (
                "19970902T090000", "FREQ=MINUTELY;INTERVAL=90;COUNT=4",
                "19970902 19970902T1030 19970902T1200 19970902T1330"
            ),
            (
                "19970902T090000", "FREQ=DAILY;BYHOUR=9,10;BYMINUTE=0,20",
                "19970902 19970902T0920 19970902T1000 19970902T1020 19970903"
            ),
            (
                "19970902T090000", "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10",
                "19970902 19970902T0920 19970902T0940 19970902T1000"
            ),
            (
                "19970805T090000", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
                "19970805 19970810 19970819 19970824"
            ),
            (
                "19970805T090000", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
                "19970805 19970817 19970819 19970831"
            ),
            // A day that is not in each month or year is passed over.
            (
                "20070115T090000", "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5",
                "20070115 20070130 20070215 20070315 20070330"
            ),
            ("20240229T090000", "FREQ=YEARLY;COUNT=3", "20240229 20280229 20320229"),
            ("20240131T090000", "freq=monthly;count=3", "20240131 20240331 20240531"),
            // Week 53 and the week that begins in the year before.
            ("20201230T090000", "FREQ=YEARLY;BYWEEKNO=53;BYDAY=WE", "20201230 20261230 20321229"),
            ("20181231T090000", "FREQ=YEARLY;BYWEEKNO=1;COUNT=3", "20181231 20191230 20210104"),
        ])
    func rulesGiveTheirStarts(start: String, rule: String, wanted: String) throws {
        let wanted = wanted.split(separator: " ").map(String.init)
        #expect(try starts(start, rule, limit: wanted.count) == wanted)
        if rule.uppercased().contains("COUNT=\(wanted.count)") {
            #expect(try starts(start, rule).count == wanted.count)
        }
    }

    @Test(arguments: [
        "", "FREQ=DAILY;COUNT=0", "FREQ=FORTNIGHTLY", "COUNT=3", "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;COUNT=1;UNTIL=20260101", "FREQ=DAILY;FREQ=DAILY", "FREQ=DAILY;BYMONTH=13", "FREQ=DAILY;BYMONTH=",
        "FREQ=DAILY;X", "RSCALE=CHINESE;FREQ=YEARLY", "FREQ=WEEKLY;BYDAY=1MO", "FREQ=MONTHLY;BYDAY=0MO",
        "FREQ=MONTHLY;BYWEEKNO=1", "FREQ=DAILY;UNTIL=soon", "FREQ=DAILY;COUNT=99999999999999999999",
        "FREQ=MONTHLY;BYSETPOS=-9223372036854775808", "FREQ=MONTHLY;BYDAY=-9223372036854775808MO",
    ])
    func whatIsNotUnderstoodIsNoRule(text: String) { #expect(RecurrenceRule(text) == nil) }

    @Test(arguments: [
        "FREQ=SECONDLY;COUNT=1000000000", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=2",
        "FREQ=DAILY;BYHOUR=\((0...23).map(String.init).joined(separator: ","));BYMINUTE=\((0...59).map(String.init).joined(separator: ","));BYSECOND=\((0...59).map(String.init).joined(separator: ","))",
        "FREQ=MINUTELY;BYSETPOS=2;COUNT=5",
    ])
    func workHasABound(rule: String) {
        #expect(throws: ExpansionBudget.Spent.self) { try starts("19970902T090000", rule, limit: .max) }
    }

    @Test func whatLiesBehindAYearIsReachedAtOnce() throws {
        let rule = try #require(RecurrenceRule("FREQ=SECONDLY;INTERVAL=7"))
        let start = try #require(CalendarTime("19700101T000000Z"))
        var budget = ExpansionBudget(steps: 100)
        var expansion = RuleExpansion(rule, start: start, within: 253_000_000_000..<253_000_000_007)
        #expect(try expansion.next(&budget)?.map { $0 % 7 } == [0])
    }

    @Test func daysAreCounted() {
        #expect(CivilDay.number(1970, 1, 1) == 0 && CivilDay.number(2000, 3, 1) == 11_017)
        #expect(CivilDay.weekday(0) == 3 && CivilDay.weekday(-1) == 2)
        for number in stride(from: Int64(-800_000), to: 3_000_000, by: 997) {
            let day = CivilDay(number: number)
            #expect(CivilDay.number(day.year, day.month, day.day) == number)
        }
    }

    @Test(
        arguments: [
            ("PT1H", 3_600), ("P1D", 86_400), ("-PT15M", -900), ("P15DT5H0M20S", 1_314_020), ("P7W", 4_233_600),
            ("P", nil),
            ("PT", nil), ("1H", nil), ("P1H", nil), ("PT1D", nil), ("P999999999999W", nil),
        ] as [(String, Int64?)])
    func durations(text: String, seconds: Int64?) { #expect(CalendarDuration.seconds(text) == seconds) }
}
