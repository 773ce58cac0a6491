// SPDX-License-Identifier: Apache-2.0

/// `type/subtype; name=value …` and `disposition; name=value …` (RFC 2045 section 5.1, RFC 2183, RFC 2231).
package struct ParameterizedValue: Sendable, Equatable, Codable {
    package struct Parameter: Sendable, Equatable, Codable {
        /// Lower case.
        package var name: String
        package var value: String
    }

    /// Lower case, as in `text/plain` or `attachment`.
    package var value: String
    /// As they are written, each name once: `filename*0*` is another than `filename`.
    package var parameters: [Parameter]

    /// Parameters of one field at most.
    static let limit = 200

    init(value: String, parameters: [Parameter]) { (self.value, self.parameters) = (value, parameters) }

    package init(parsing text: String) {
        var scanner = Scanner(Array(text.utf8))
        value = scanner.upToSemicolon().lowercased()
        parameters = []
        for _ in 0..<Self.limit {
            guard let (name, value) = scanner.parameter() else { break }
            let parameter = Parameter(name: name.lowercased(), value: value)
            if !parameters.contains(where: { $0.name == parameter.name }) { parameters.append(parameter) }
        }
    }

    /// What the parameter means: RFC 2231 continuations and charsets are put together and decoded, and so are encoded
    /// words, which RFC 2047 forbids here and senders write. `name` is in lower case.
    package subscript(_ name: String) -> String? {
        var pieces: [(number: Int, encoded: Bool, value: String)] = []
        for parameter in parameters where parameter.name.hasPrefix(name + "*") {
            let rest = parameter.name.dropFirst(name.count + 1)
            pieces.append((Int(rest.prefix { $0.isNumber }) ?? 0, rest.hasSuffix("*") || rest.isEmpty, parameter.value))
        }
        if !pieces.isEmpty { return Self.join(pieces.sorted { $0.number < $1.number }) }
        return parameters.first { $0.name == name }.map { EncodedWord.decode($0.value) }
    }

    private static func join(_ pieces: [(number: Int, encoded: Bool, value: String)]) -> String {
        var charset = ""
        var bytes: [UInt8] = []
        for (index, piece) in pieces.enumerated() {
            var text = Substring(piece.value)
            guard piece.encoded else {
                bytes += Array(text.utf8)
                continue
            }
            if index == 0 {
                let parts = text.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
                if parts.count == 3 {
                    charset = String(parts[0])
                    text = parts[2]
                }
            }
            bytes += percentDecode(Array(text.utf8))
        }
        return Charset.decode(bytes[...], charset)
    }

    private static func percentDecode(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var index = 0
        while index < text.count {
            if text[index] == 0x25, index + 2 < text.count,
                let value = UInt8(String(decoding: text[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
            {
                result.append(value)
                index += 3
            } else {
                result.append(text[index])
                index += 1
            }
        }
        return result
    }

    private struct Scanner {
        let text: ArraySlice<UInt8>
        var position = 0

        init(_ text: [UInt8]) { self.text = text[...] }

        mutating func upToSemicolon() -> String {
            Blanks.skip(text, &position)
            let start = position
            while position < text.count, text[position] != 0x3B, text[position] != 0x28 { position += 1 }
            let words = String(decoding: text[start..<position], as: UTF8.self).split { $0 == " " || $0 == "\t" }
            Blanks.skip(text, &position)
            return words.joined()
        }

        mutating func parameter() -> (String, String)? {
            while position < text.count {
                Blanks.skip(text, &position)
                if position < text.count, text[position] == 0x3B {
                    position += 1
                    continue
                }
                break
            }
            guard position < text.count else { return nil }
            let start = position
            while position < text.count, text[position] != 0x3D, text[position] != 0x3B { position += 1 }
            let name = String(decoding: text[start..<position], as: UTF8.self).filter { $0 != " " && $0 != "\t" }
            guard position < text.count, text[position] == 0x3D else { return (name, "") }
            position += 1
            Blanks.skip(text, &position)
            var value: [UInt8] = []
            if position < text.count, text[position] == 0x22 {
                position += 1
                while position < text.count, text[position] != 0x22 {
                    if text[position] == 0x5C, position + 1 < text.count { position += 1 }
                    value.append(text[position])
                    position += 1
                }
                position = min(position + 1, text.count)
                while position < text.count, text[position] != 0x3B { position += 1 }
            } else {
                while position < text.count, text[position] != 0x3B, text[position] != 0x28 {
                    value.append(text[position])
                    position += 1
                }
                while let last = value.last, last == 0x20 || last == 0x09 { value.removeLast() }
            }
            return (name, String(decoding: value, as: UTF8.self))
        }
    }
}
