// SPDX-License-Identifier: Apache-2.0
import Glibc

/// An IPv4 (4 bytes) or IPv6 (16 bytes) address. IPv4-mapped ones (`::ffff:192.0.2.1`) become IPv4 at once.
package struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    package let bytes: [UInt8]
    package var isIPv4: Bool { bytes.count == 4 }

    /// `::`, which is nobody's.
    package static let unspecified = IPAddress(sixteen: [UInt8](repeating: 0, count: 16))

    private init(sixteen: [UInt8]) { bytes = sixteen }

    /// nil unless there are 4 or 16 bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        let isMapped = bytes.count == 16 && bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 255 && bytes[11] == 255
        self.bytes = isMapped ? Array(bytes[12...]) : bytes
    }

    /// Reads `192.0.2.1` or `2001:db8::1`; no zone, no port, no prefix.
    package init?(parsing text: some StringProtocol) {
        guard text.utf8.count <= 45, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "%") }) else {
            return nil
        }
        var buffer = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET6, String(text), &buffer) == 1 {
            self.init(bytes: buffer)
        } else if inet_pton(AF_INET, String(text), &buffer) == 1 {
            self.init(bytes: Array(buffer[..<4]))
        } else {
            return nil
        }
    }

    package var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let bytes = bytes
        inet_ntop(isIPv4 ? AF_INET : AF_INET6, bytes, &text, socklen_t(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// `1.2.0.192.in-addr.arpa`, or the nibbles under `ip6.arpa`.
    package var reverseName: String {
        if isIPv4 { return bytes.reversed().map { String($0) }.joined(separator: ".") + ".in-addr.arpa" }
        return bytes.reversed().map { String($0 & 15, radix: 16) + "." + String($0 >> 4, radix: 16) }
            .joined(separator: ".") + ".ip6.arpa"
    }

    /// Whether the first `bits` are those of `network`; false for another family.
    package func isIn(_ network: IPAddress, bits: Int) -> Bool {
        guard network.bytes.count == bytes.count, (0...bytes.count * 8).contains(bits) else { return false }
        let whole = bits / 8
        guard bytes[..<whole] == network.bytes[..<whole] else { return false }
        let rest = bits % 8
        guard rest > 0 else { return true }
        return (bytes[whole] ^ network.bytes[whole]) >> (8 - rest) == 0
    }
}
