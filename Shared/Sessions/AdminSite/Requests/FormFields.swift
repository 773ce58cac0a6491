// SPDX-License-Identifier: Apache-2.0
import Accounts

/// What a form or a query brings (`application/x-www-form-urlencoded`). Values stay bytes, zeroed with the last reference:
/// there are passwords among them, and text that is taken for `String` would stay in memory.
final class FormFields: @unchecked Sendable {
    // `values` is written in `init` and `deinit` only.
    private var values: [(name: String, value: [UInt8])] = []

    struct Malformed: Error {}

    /// Throws `Malformed` for too many fields, and for percent signs and bytes that make no UTF-8 text.
    init(parsing text: some Sequence<UInt8>) throws(Malformed) {
        var name: [UInt8]?
        var part: [UInt8] = []
        var iterator = text.makeIterator()
        func finish() throws(Malformed) {
            defer {
                SecretBytes.wipe(&part)
                (name, part) = (nil, [])
            }
            guard let key = name else {
                // A name without a value, or nothing between two &.
                guard part.isEmpty || part.count <= AdminLimits.fieldName else { throw Malformed() }
                return
            }
            guard key.count <= AdminLimits.fieldName, values.count < AdminLimits.fields,
                let key = String(validating: key, as: UTF8.self), Self.isText(part)
            else { throw Malformed() }
            values.append((key, part))
        }
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "&"): try finish()
            case UInt8(ascii: "=") where name == nil: (name, part) = (part, [])
            case UInt8(ascii: "+"): part.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = Self.digit(iterator.next()), let low = Self.digit(iterator.next()) else {
                    throw Malformed()
                }
                part.append(high << 4 | low)
            default: part.append(byte)
            }
        }
        try finish()
    }

    deinit { for index in values.indices { SecretBytes.wipe(&values[index].value) } }

    /// The first of that name, without white space around it; empty when there is none. Not for secrets.
    func text(_ name: String) -> String {
        guard let value = value(name) else { return "" }
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        guard let start = value.firstIndex(where: { !isSpace($0) }), let end = value.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(decoding: value[start...end], as: UTF8.self)
    }

    /// As it was typed; `nil` when it is empty or missing.
    func secret(_ name: String) -> SecretBytes? {
        guard let value = value(name), !value.isEmpty else { return nil }
        return SecretBytes(value)
    }

    private func value(_ name: String) -> [UInt8]? { values.first { $0.name == name }?.value }

    /// Valid UTF-8 without control characters but for line ends and tabs.
    private static func isText(_ bytes: [UInt8]) -> Bool {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        while true {
            switch decoder.decode(&iterator) {
            case .emptyInput: return true
            case .error: return false
            case .scalarValue(let scalar):
                let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
                if isControl, ![0x09, 0x0A, 0x0D].contains(scalar.value) { return false }
            }
        }
    }

    private static func digit(_ byte: UInt8?) -> UInt8? {
        byte.flatMap { Character(UnicodeScalar($0)).hexDigitValue }.map(UInt8.init)
    }
}

extension FormFields {
    /// A text as a value in a query.
    static func encode(_ text: String) -> String {
        let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~".utf8)
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if plain.contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
