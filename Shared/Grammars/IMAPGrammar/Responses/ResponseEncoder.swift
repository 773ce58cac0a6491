// SPDX-License-Identifier: Apache-2.0

/// Writes responses (RFC 9051 section 7).
package struct ResponseEncoder: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package var isEmpty: Bool { bytes.isEmpty }

    package mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    /// Takes back what was written after `count` bytes.
    package mutating func truncate(to count: Int) { bytes.removeLast(max(0, bytes.count - count)) }

    package mutating func raw(_ text: String) { bytes.append(contentsOf: text.utf8) }
    package mutating func raw(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }
    package mutating func line(_ text: String) { raw(text + "\r\n") }

    /// nstring: quoted where that is possible, else a literal.
    package mutating func string(_ text: String?) {
        guard let text else { return raw("NIL") }
        string(Array(text.utf8))
    }

    package mutating func string(_ value: [UInt8]) {
        let quotable = value.count <= 1_000 && value.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
        if quotable {
            bytes.append(0x22)
            for byte in value {
                if byte == 0x22 || byte == 0x5C { bytes.append(0x5C) }
                bytes.append(byte)
            }
            bytes.append(0x22)
        } else {
            literal(value)
        }
    }

    package mutating func literal(_ value: some Collection<UInt8>, isBinary: Bool = false) {
        raw("\(isBinary ? "~" : ""){\(value.count)}\r\n")
        raw(value)
    }

    /// A mailbox name: UTF-8 for IMAP4rev2, modified UTF-7 before.
    package mutating func mailbox(_ name: String, isUTF8: Bool) {
        let text = isUTF8 ? name : ModifiedUTF7.encode(name)
        let atom = !text.isEmpty && text.utf8.allSatisfy(CommandParser.isAstring) && text.uppercased() != "NIL"
        if atom { return raw(text) }
        guard isUTF8, !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return string(text) }
        raw("\"" + text.flatMap { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" } + "\"")
    }
}
