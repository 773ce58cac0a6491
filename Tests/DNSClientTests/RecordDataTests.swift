// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import DNSClient

@Suite struct RecordDataTests {
    @Test func stringsOfOneRecordAreJoined() {
        #expect(RecordData.text([2, 0x61, 0x62, 0, 1, 0x63]) == Array("abc".utf8))
        #expect(RecordData.text([]) == [])
    }

    @Test func namesGoBothWays() {
        for name in ["example.org", "_dmarc.example.org", "a"] {
            #expect(RecordData.wire(name).flatMap(RecordData.name) == name)
            #expect(RecordData.wire(name + ".") == RecordData.wire(name))
        }
        #expect(RecordData.wire("") == [0] && RecordData.name([0]) == "")
    }

    @Test(arguments: ["a..b", ".a", String(repeating: "a", count: 64), String(repeating: "a.", count: 128) + "a"])
    func namesThatAreNone(name: String) {
        #expect(RecordData.wire(name) == nil)
        #expect(RecordData.presentation(name) == nil)
    }

    @Test func foreignBytesAreEscapedForAsking() {
        #expect(RecordData.presentation("a b.\"x") == "a\\032b.\\034x.")
    }

    /// Too short, past the end, compressed, bytes that would be printed or compared as something else.
    @Test(
        arguments: [
            [], [3, 0x61], [3, 0x61, 0x62, 0x63], [0xC0, 0x0C], [64] + [UInt8](repeating: 0x61, count: 64) + [0],
            [1, 0x20, 0], [1, 0x2E, 0],
            [1, 0x0A, 0], [1, 0xFF, 0], [1, 0x5C, 0], [1, 0x61, 0, 0],
        ] as [[UInt8]])
    func hostileNames(data: [UInt8]) {
        #expect(RecordData.name(data) == nil)
        #expect(RecordData.mx([0, 10] + data) == nil)
    }

    @Test func otherRecords() {
        #expect(RecordData.mx([0, 10, 1, 0x61, 0]) == MXRecord(preference: 10, exchange: "a"))
        #expect(RecordData.mx([0, 0, 0])?.isNull == true)
        #expect(RecordData.mx([0]) == nil && RecordData.text([5, 1]) == nil && RecordData.tlsa([3, 1, 1]) == nil)
        #expect(RecordData.tlsa([3, 1, 1, 0xAB]) == TLSARecord(usage: 3, selector: 1, matching: 1, data: [0xAB]))
    }
}

@Suite struct IPAddressTests {
    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("2001:DB8::0:1", "2001:db8::1"), ("::", "::"),
    ])
    func isRead(text: String, written: String) { #expect(IPAddress(parsing: text)?.description == written) }

    @Test(arguments: [
        "", "192.0.2", "192.0.2.256", "192.0.2.1 ", "fe80::1%eth0", "1.2.3.4/8", "[::1]", ":::", "٣.2.3.4",
    ])
    func isNone(text: String) { #expect(IPAddress(parsing: text) == nil) }

    @Test func reverseNames() throws {
        #expect(try #require(IPAddress(parsing: "192.0.2.1")).reverseName == "1.2.0.192.in-addr.arpa")
        let six = try #require(IPAddress(parsing: "2001:db8::567:89ab")).reverseName
        #expect(six == "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa")
    }
}
