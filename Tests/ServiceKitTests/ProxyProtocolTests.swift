// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ServiceKit

/// The header as HAProxy writes it (proxy-protocol.txt section 2.2).
@Suite struct ProxyProtocolTests {
    static func header(_ command: UInt8, _ family: UInt8, _ addresses: [UInt8]) -> [UInt8] {
        ProxyProtocol.signature + [command, family, UInt8(addresses.count >> 8), UInt8(addresses.count & 255)]
            + addresses
    }

    static let four = header(0x21, 0x11, [192, 0, 2, 7, 10, 0, 0, 1, 0x12, 0x34, 0, 25])

    @Test func addressesOfBothFamilies() {
        #expect(
            ProxyProtocol.parse(Self.four)
                == .header(source: IPAddress(bytes: [192, 0, 2, 7]), port: 0x1234, length: 28))
        let source: [UInt8] = [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [9]
        let six = Self.header(0x21, 0x21, source + [UInt8](repeating: 1, count: 16) + [0, 80, 0, 25])
        #expect(ProxyProtocol.parse(six) == .header(source: IPAddress(bytes: source), port: 80, length: 52))
    }

    @Test func theProxysOwnChecksAndExtensions() {
        #expect(ProxyProtocol.parse(Self.header(0x20, 0, [])) == .header(source: nil, port: 0, length: 16))
        let extended = Self.header(0x21, 0x11, [192, 0, 2, 7, 10, 0, 0, 1, 0, 1, 0, 25, 4, 0, 1, 0])
        #expect(
            ProxyProtocol.parse(extended + [1, 2])
                == .header(source: IPAddress(bytes: [192, 0, 2, 7]), port: 1, length: 32))
    }

    @Test func everyPrefixWaits() {
        for count in 0..<Self.four.count {
            #expect(ProxyProtocol.parse(Self.four.prefix(count)) == .needMore, "\(count)")
        }
    }

    @Test(arguments: [
        Array("EHLO client.example\r\n".utf8), Array("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n".utf8),
        header(0x11, 0x11, [1]),
        header(0x22, 0x11, [UInt8](repeating: 0, count: 12)), header(0x21, 0x11, [1, 2, 3]),
        header(0x21, 0x31, [UInt8](repeating: 0, count: 216)),
        header(0x21, 0x21, [UInt8](repeating: 0, count: 12)), ProxyProtocol.signature + [0x21, 0x11, 0xFF, 0xFF],
        [0x0D, 0x0B],
    ])
    func isRefused(bytes: [UInt8]) { #expect(ProxyProtocol.parse(bytes) == .malformed) }
}
