// SPDX-License-Identifier: Apache-2.0

/// Domain names as they are compared and looked up.
package enum DomainName {
    /// Lower case, labels outside ASCII as A-labels (RFC 5890, without the mapping tables of UTS 46), no dot at the
    /// end. `nil` when a label is empty, longer than 63 bytes, has other characters than letters, digits, `-` and `_`,
    /// or the whole is longer than 253 bytes.
    package static func canonical(_ name: some StringProtocol) -> String? {
        var text = name.lowercased()
        if text.hasSuffix(".") { text.removeLast() }
        guard text.utf8.count <= MailAddress.domainBytes * 2 else { return nil }
        var labels: [String] = []
        for label in text.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "." || $0 == "\u{3002}" }) {
            var label = String(label)
            if !label.utf8.allSatisfy({ $0 < 0x80 }) {
                guard let encoded = Punycode.encode(label) else { return nil }
                label = "xn--" + encoded
            }
            guard (1...63).contains(label.utf8.count), label.utf8.first != UInt8(ascii: "-"),
                label.utf8.last != UInt8(ascii: "-"),
                label.utf8.allSatisfy({
                    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                        || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
                })
            else { return nil }
            labels.append(label)
        }
        let whole = labels.joined(separator: ".")
        return whole.utf8.count <= 253 ? whole : nil
    }
}

/// RFC 3492.
enum Punycode {
    private static let (base, least, most, skew, damp) = (36, 1, 26, 38, 700)

    /// `nil` when a number overflows.
    static func encode(_ label: String) -> String? {
        let points = label.unicodeScalars.map { Int($0.value) }
        guard points.count <= 256 else { return nil }
        var output = points.filter { $0 < 0x80 }.map { UInt8($0) }
        let basic = output.count
        var handled = basic
        if basic > 0 { output.append(UInt8(ascii: "-")) }
        var (number, delta, bias) = (128, 0, 72)
        while handled < points.count {
            guard let next = points.filter({ $0 >= number }).min() else { return nil }
            let (step, overflow) = (next - number).multipliedReportingOverflow(by: handled + 1)
            guard !overflow, delta < Int.max / 4 - step else { return nil }
            delta += step
            number = next
            for point in points {
                if point < number { delta += 1 }
                guard point == number else { continue }
                var (rest, place) = (delta, base)
                while true {
                    let threshold = min(max(place - bias, least), most)
                    if rest < threshold { break }
                    output.append(digit(threshold + (rest - threshold) % (base - threshold)))
                    rest = (rest - threshold) / (base - threshold)
                    place += base
                }
                output.append(digit(rest))
                bias = adapt(delta, handled + 1, isFirst: handled == basic)
                delta = 0
                handled += 1
            }
            delta += 1
            number += 1
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static func digit(_ value: Int) -> UInt8 { UInt8(value < 26 ? 97 + value : 22 + value) }

    private static func adapt(_ delta: Int, _ count: Int, isFirst: Bool) -> Int {
        var delta = isFirst ? delta / damp : delta / 2
        delta += delta / count
        var place = 0
        while delta > (base - least) * most / 2 {
            delta /= base - least
            place += base
        }
        return place + (base - least + 1) * delta / (delta + skew)
    }
}
