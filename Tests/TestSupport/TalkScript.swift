// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The lines of a `.talk` file, and what its languages share: `C:`, `C>` and `C*` lines. The rest of a language is
/// described beside its files, in Tests/Conversations.
package struct TalkScript: Sendable {
    package let name: String
    package let lines: [String]

    /// `folder`: of Tests/Conversations.
    package init(name: String, in folder: String) throws {
        self.name = name
        let text = try String(contentsOf: Self.folder(folder).appendingPathComponent(name), encoding: .utf8)
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    package static func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: Self.folder(folder).path).filter { $0.hasSuffix(".talk") }
            .sorted()
    }

    /// A line that says something.
    package struct Step: Sendable {
        /// For messages: file and line.
        package let place: String
        package let line: String
        package var kind: Substring { line.prefix(2) }
        package var rest: String { String(line.dropFirst(3)) }

        /// What the client sends, if it is a line of the client's.
        package var octets: [UInt8]? {
            switch kind {
            case "C:": return Array((rest + "\r\n").utf8)
            case "C>": return unescaped(rest)
            case "C*":
                let words = rest.split(separator: " ")
                return [UInt8](repeating: words[1].utf8.first!, count: Int(words[0])!)
            default: return nil
            }
        }
    }

    package var steps: [Step] {
        lines.enumerated().filter { !$1.isEmpty && !$1.hasPrefix("#") }.map { number, line in
            Step(place: "\(name):\(number + 1)", line: line)
        }
    }

    /// `\r`, `\n`, `\0` and `\\`; any other escape (`\Seen`) stays as it is.
    package static func unescaped(_ text: String) -> [UInt8] {
        var output: [UInt8] = []
        var escaped = false
        for byte in text.utf8 {
            if escaped {
                switch byte {
                case UInt8(ascii: "r"): output.append(0x0D)
                case UInt8(ascii: "n"): output.append(0x0A)
                case UInt8(ascii: "0"): output.append(0x00)
                case UInt8(ascii: "\\"): output.append(byte)
                default: output += [UInt8(ascii: "\\"), byte]
                }
                escaped = false
            } else if byte == UInt8(ascii: "\\") {
                escaped = true
            } else {
                output.append(byte)
            }
        }
        return output
    }

    private static func folder(_ name: String) -> URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Conversations/\(name)")
    }
}
