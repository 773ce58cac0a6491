// SPDX-License-Identifier: Apache-2.0

/// Sizes as operators write them: `500M`, `5G`, or bytes.
package enum ByteSize {
    private static let units: [(letter: Character, bytes: Int)] = [
        ("T", 1 << 40), ("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10),
    ]
    /// 1 byte to 1,024 TiB.
    package static let range = 1...(1 << 50)

    /// Bytes, or a whole number with K, M, G or T, each 1,024 times the one before; `nil` for anything else.
    package static func parse(_ text: String) -> Int? {
        let text = text.uppercased()
        let unit = units.first { text.last == $0.letter }
        let digits = unit == nil ? text[...] : text.dropLast()
        guard (1...16).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let count = Int(digits)
        else { return nil }
        let (bytes, isTooLarge) = count.multipliedReportingOverflow(by: unit?.bytes ?? 1)
        return !isTooLarge && range.contains(bytes) ? bytes : nil
    }

    /// As `parse` reads it where that is exact, else rounded down to a tenth: `5G`, `1.2G`, `999`.
    package static func text(_ bytes: Int) -> String {
        guard let unit = units.first(where: { bytes >= $0.bytes }) else { return "\(bytes)" }
        let tenths = bytes % unit.bytes * 10 / unit.bytes
        return "\(bytes / unit.bytes)\(tenths == 0 ? "" : ".\(tenths)")\(unit.letter)"
    }
}
