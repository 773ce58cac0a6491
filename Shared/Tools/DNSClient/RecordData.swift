// SPDX-License-Identifier: Apache-2.0

/// RFC 1035 section 3.3.9.
package struct MXRecord: Sendable, Hashable {
    package let preference: UInt16
    /// Without the dot at the end; empty for the root.
    package let exchange: String
    /// "Takes no mail" (RFC 7505).
    package var isNull: Bool { exchange.isEmpty }

    package init(preference: UInt16, exchange: String) {
        (self.preference, self.exchange) = (preference, exchange)
    }
}

/// RFC 6698 section 2.1.
package struct TLSARecord: Sendable, Hashable {
    package let usage: UInt8
    package let selector: UInt8
    package let matching: UInt8
    package let data: [UInt8]

    package init(usage: UInt8, selector: UInt8, matching: UInt8, data: [UInt8]) {
        (self.usage, self.selector, self.matching, self.data) = (usage, selector, matching, data)
    }
}

/// RFC 2782.
package struct SRVRecord: Sendable, Hashable {
    package let priority: UInt16
    package let weight: UInt16
    package let port: UInt16
    /// Without the dot at the end; empty for the root, which says that there is no such service.
    package let target: String

    package init(priority: UInt16, weight: UInt16, port: UInt16, target: String) {
        (self.priority, self.weight, self.port, self.target) = (priority, weight, port, target)
    }
}

/// RDATA to values and back.
enum RecordData {
    static func text(_ data: [UInt8]) -> [UInt8]? {
        var joined: [UInt8] = []
        var at = 0
        while at < data.count {
            let end = at + 1 + Int(data[at])
            guard end <= data.count else { return nil }
            joined += data[(at + 1)..<end]
            at = end
        }
        return joined
    }

    static func mx(_ data: [UInt8]) -> MXRecord? {
        guard data.count >= 3, let exchange = name(Array(data[2...])) else { return nil }
        return MXRecord(preference: number(data, 0), exchange: exchange)
    }

    static func srv(_ data: [UInt8]) -> SRVRecord? {
        guard data.count >= 7, let target = name(Array(data[6...])) else { return nil }
        return SRVRecord(
            priority: number(data, 0), weight: number(data, 2), port: number(data, 4), target: target)
    }

    private static func number(_ data: [UInt8], _ at: Int) -> UInt16 { UInt16(data[at]) << 8 | UInt16(data[at + 1]) }

    static func tlsa(_ data: [UInt8]) -> TLSARecord? {
        guard data.count > 3 else { return nil }
        return TLSARecord(usage: data[0], selector: data[1], matching: data[2], data: Array(data[3...]))
    }

    /// An uncompressed name. nil for one with bytes that no host name has: callers compare and print it as text.
    static func name(_ data: [UInt8]) -> String? {
        var text: [UInt8] = []
        var at = 0
        while at < data.count, data[at] != 0 {
            let end = at + 1 + Int(data[at])
            guard data[at] < 64, end < data.count else { return nil }
            if !text.isEmpty { text.append(UInt8(ascii: ".")) }
            for byte in data[(at + 1)..<end] {
                guard byte > 0x20, byte < 0x7F, byte != UInt8(ascii: "."), byte != UInt8(ascii: "\\") else {
                    return nil
                }
                text.append(byte)
            }
            at = end
        }
        guard at == data.count - 1, data.count <= 255 else { return nil }
        return String(decoding: text, as: UTF8.self)
    }

    /// The wire form of a name; nil when a label is empty or over 63 bytes, or the whole over 255.
    static func wire(_ name: String) -> [UInt8]? {
        var bytes = Array(name.utf8)
        if bytes.last == UInt8(ascii: ".") { bytes.removeLast() }
        guard !bytes.isEmpty else { return [0] }
        var wire: [UInt8] = []
        for label in bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            guard (1...63).contains(label.count) else { return nil }
            wire.append(UInt8(label.count))
            wire += label
        }
        wire.append(0)
        return wire.count <= 255 ? wire : nil
    }

    /// Master-file text of a name, bytes that are not plain escaped (RFC 1035 section 5.1); nil for a name that cannot
    /// be.
    static func presentation(_ name: String) -> String? {
        guard wire(name) != nil else { return nil }
        var text: [UInt8] = []
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                text.append(byte)
            default:
                text += [UInt8(ascii: "\\"), 48 + byte / 100, 48 + byte / 10 % 10, 48 + byte % 10]
            }
        }
        if text.last != UInt8(ascii: ".") { text.append(UInt8(ascii: ".")) }
        return String(decoding: text, as: UTF8.self)
    }
}
