// SPDX-License-Identifier: Apache-2.0

/// DURATION (RFC 5545 section 3.3.6): `P15DT5H0M20S`, `-PT15M`, `P7W`.
enum CalendarDuration {
    /// `nil`: malformed, or longer than ten thousand years. A day has 24 hours.
    static func seconds(_ text: String) -> Int64? {
        var rest = text.uppercased().utf8[...]
        let isNegative = rest.first == 0x2D
        if isNegative || rest.first == 0x2B { rest.removeFirst() }
        guard rest.popFirst() == 0x50, !rest.isEmpty else { return nil }
        var total: Int64 = 0
        var inTime = false
        while !rest.isEmpty {
            if rest.first == 0x54, !inTime {
                inTime = true
                rest.removeFirst()
            }
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            rest = rest[digits.endIndex...]
            guard (1...12).contains(digits.count), let number = Int64(String(Substring(digits))),
                let unit = rest.popFirst(), let length = (inTime ? times : days)[unit]
            else { return nil }
            total += number * length
        }
        guard total <= RuleExpansion.end else { return nil }
        return isNegative ? -total : total
    }

    private static let days: [UInt8: Int64] = [0x57: 604_800, 0x44: 86_400]
    private static let times: [UInt8: Int64] = [0x48: 3_600, 0x4D: 60, 0x53: 1]
}
