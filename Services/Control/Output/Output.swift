// SPDX-License-Identifier: Apache-2.0
import Foundation

struct JSONOption {
    /// Prints the value as JSON, keys sorted.
    static func print(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        Swift.print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}

/// Columns as wide as their longest value.
struct Table {
    let head: [String]
    let rows: [[String]]

    func print() {
        let all = [head] + rows.map { $0.map(Self.harmless) }
        let widths = head.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        for row in all {
            let cells = row.enumerated().map { column, cell in
                column == row.count - 1 ? cell : cell.padding(toLength: widths[column] + 2, withPad: " ", startingAt: 0)
            }
            Swift.print(cells.joined())
        }
    }

    /// Names come from elsewhere: nothing in them may steer the terminal or turn the direction of writing.
    private static func harmless(_ cell: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in cell.unicodeScalars {
            let turns = (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
            result.append(turns || scalar.properties.generalCategory == .control ? "\u{FFFD}" : scalar)
        }
        return String(result)
    }
}

/// Seconds since 1970 as `2026-11-24T04:30:00Z`.
func timestamp(_ seconds: Int64) -> String { Date(timeIntervalSince1970: TimeInterval(seconds)).ISO8601Format() }

/// For what is not the answer itself.
func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
