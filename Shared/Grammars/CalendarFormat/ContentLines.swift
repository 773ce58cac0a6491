// SPDX-License-Identifier: Apache-2.0

/// Takes an object apart into its unfolded lines, one after the other. Lines end with CRLF, LF or CRs; a line
/// that begins with a blank or a tab goes on with the one before.
struct ContentLines {
    private let bytes: [UInt8]
    private var position = 0
    private(set) var number = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    /// `nil` at the end. Empty lines are passed over.
    mutating func next() throws(CalendarSyntaxError) -> ContentLine? {
        while position < bytes.count {
            var line = Array(physical())
            let first = number
            while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x09 {
                line += physical().dropFirst()
            }
            // vCard 2.1: quoted-printable goes on behind a line that ends with "=".
            while line.last == 0x3D, position < bytes.count, Self.isQuotedPrintable(line) {
                line.removeLast()
                line += physical()
            }
            guard number <= CalendarLimits.lines else {
                throw CalendarSyntaxError(line: first, reason: "too many lines")
            }
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
            guard let parsed = ContentLine(line, number: first) else {
                throw CalendarSyntaxError(line: first, reason: "neither a name nor a value")
            }
            return parsed
        }
        return nil
    }

    private mutating func physical() -> ArraySlice<UInt8> {
        number += 1
        let start = position
        while position < bytes.count, bytes[position] != 0x0A, bytes[position] != 0x0D { position += 1 }
        let line = bytes[start..<position]
        // Programs that add a CR to each LF make CR CR LF.
        while position < bytes.count, bytes[position] == 0x0D { position += 1 }
        if position < bytes.count, bytes[position] == 0x0A { position += 1 }
        return line
    }

    private static func isQuotedPrintable(_ line: [UInt8]) -> Bool {
        guard let colon = line.firstIndex(of: 0x3A) else { return false }
        return String(decoding: line[..<colon], as: UTF8.self).uppercased().contains("QUOTED-PRINTABLE")
    }
}
