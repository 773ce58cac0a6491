// SPDX-License-Identifier: Apache-2.0

/// A line of iCalendar or vCard, unfolded: `group.NAME;PARAM=value:value` (RFC 5545 section 3.1, RFC 6350 section 3.3).
package struct ContentLine: Equatable, Sendable {
    /// vCard only; as written.
    package let group: String?
    /// Upper case.
    package let name: String
    /// Names in upper case; values without quotes, with RFC 6868's `^` undone. A vCard 2.1 parameter without a name is
    /// a `TYPE`.
    package let parameters: [Parameter]
    /// As it is written: `text` undoes TEXT's backslashes.
    package let value: String
    /// Of its first octet in the object, counted from 1.
    package let number: Int

    package struct Parameter: Equatable, Sendable {
        package let name: String
        package let values: [String]
    }

    package subscript(_ parameter: String) -> String? {
        parameters.first { $0.name == parameter }?.values.first
    }

    /// The value as TEXT (RFC 5545 section 3.3.11).
    package var text: String { Self.unescaped(value) }

    static func unescaped(_ value: some StringProtocol) -> String {
        guard value.utf8.contains(0x5C) else { return String(value) }
        var result: [UInt8] = []
        var rest = Array(value.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == 0x5C, let next = rest.popFirst() else {
                result.append(byte)
                continue
            }
            result.append(next == 0x6E || next == 0x4E ? 0x0A : next)
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// `nil`: no name, or no colon behind the parameters.
    init?(_ line: some Collection<UInt8>, number: Int) {
        var scanner = Scanner(rest: Array(line)[...])
        guard var name = scanner.name() else { return nil }
        var group: String?
        if scanner.skip(0x2E) {
            group = name
            guard let real = scanner.name() else { return nil }
            name = real
        }
        var parameters: [Parameter] = []
        while scanner.skip(0x3B) {
            guard parameters.count < CalendarLimits.parameters, let parameter = scanner.parameter() else { return nil }
            parameters.append(parameter)
        }
        guard scanner.skip(0x3A) else { return nil }
        self.group = group
        self.name = name.uppercased()
        self.parameters = parameters
        value = String(decoding: scanner.rest, as: UTF8.self)
        self.number = number
    }

    private struct Scanner {
        var rest: ArraySlice<UInt8>

        mutating func skip(_ byte: UInt8) -> Bool {
            guard rest.first == byte else { return false }
            rest.removeFirst()
            return true
        }

        /// iana-token, and the underscore that some programs write
        mutating func name() -> String? {
            let end = rest.firstIndex { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: false
                default: true
                }
            }
            let name = rest[..<(end ?? rest.endIndex)]
            rest = rest[name.endIndex...]
            return name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
        }

        mutating func parameter() -> Parameter? {
            guard let name = name() else { return nil }
            guard skip(0x3D) else { return Parameter(name: "TYPE", values: [name]) }
            var values = [value()]
            while skip(0x2C), values.count < CalendarLimits.parameters { values.append(value()) }
            return Parameter(name: name.uppercased(), values: values)
        }

        private mutating func value() -> String {
            var bytes: ArraySlice<UInt8>
            if skip(0x22) {
                bytes = rest.prefix { $0 != 0x22 }
                rest = rest[bytes.endIndex...].dropFirst()
            } else {
                bytes = rest.prefix { $0 != 0x2C && $0 != 0x3B && $0 != 0x3A }
                rest = rest[bytes.endIndex...]
            }
            guard bytes.contains(0x5E) else { return String(decoding: bytes, as: UTF8.self) }
            var result: [UInt8] = []
            while let byte = bytes.popFirst() {
                switch (byte, byte == 0x5E ? bytes.first : nil) {
                case (_, 0x6E?): result.append(0x0A)
                case (_, 0x5E?): result.append(0x5E)
                case (_, 0x27?): result.append(0x22)
                default:
                    result.append(byte)
                    continue
                }
                bytes.removeFirst()
            }
            return String(decoding: result, as: UTF8.self)
        }
    }
}

/// Bounds of one object.
package enum CalendarLimits {
    package static let lines = 200_000
    package static let parameters = 100
    package static let depth = 10
    package static let components = 10_000
}

/// Why an object is none; `line` is counted from 1.
package struct CalendarSyntaxError: Error, Equatable, Sendable, CustomStringConvertible {
    package let line: Int
    package let reason: String

    package var description: String { "line \(line): \(reason)" }
}
