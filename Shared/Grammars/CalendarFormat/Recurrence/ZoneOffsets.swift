// SPDX-License-Identifier: Apache-2.0

/// How far the clocks of an object may be ahead of UTC, in seconds.
///
/// A VTIMEZONE tells the least and the most that its clock ever is; a clock without one, and the wall clock of whoever
/// looks ("floating"), may be any on earth.
struct ZoneOffsets {
    static let anywhere: ClosedRange<Int64> = -15 * 3_600...15 * 3_600
    private var zones: [String: ClosedRange<Int64>] = [:]

    init(_ calendar: Component) {
        for zone in calendar.components where zone.name == "VTIMEZONE" {
            let offsets = zone.components.flatMap { part in
                ["TZOFFSETFROM", "TZOFFSETTO"].map { part[$0].flatMap { Self.seconds($0.value) } }
            }
            guard let name = zone["TZID"]?.value, zones[name] == nil, !offsets.contains(nil),
                let least = offsets.compactMap(\.self).min(), let most = offsets.compactMap(\.self).max()
            else { continue }
            zones[name] = least...most
        }
    }

    func of(_ time: CalendarTime, _ line: ContentLine) -> ClosedRange<Int64> {
        if time.isUTC { return 0...0 }
        guard !time.isDate, let name = line["TZID"] else { return Self.anywhere }
        return zones[name] ?? Self.anywhere
    }

    /// UTC-OFFSET (RFC 5545 section 3.3.14): `+0900`, `-073000`.
    private static func seconds(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count == 5 || bytes.count == 7, bytes[0] == 0x2B || bytes[0] == 0x2D,
            bytes.dropFirst().allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        let digits = bytes.dropFirst().map { Int64($0 - 0x30) } + [0, 0]
        let seconds =
            (digits[0] * 10 + digits[1]) * 3_600 + (digits[2] * 10 + digits[3]) * 60 + digits[4] * 10 + digits[5]
        guard seconds <= anywhere.upperBound else { return nil }
        return bytes[0] == 0x2D ? -seconds : seconds
    }
}
