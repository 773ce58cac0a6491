// SPDX-License-Identifier: Apache-2.0
import MailFormat
import Testing

@testable import MailStore

@Suite struct MetadataTests {
    /// 90 KB that become 3 MB in memory: anybody may send as many of them as they like.
    private static let manyParts = Array(
        ("Subject: parts\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n"
            + String(repeating: "--B\r\n\r\n\r\n", count: 9_990) + "--B--\r\n").utf8)

    @Test func structuresEndWithTheirBoundAndGoOn() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        let first = try await store.deliver(Self.manyParts)
        for _ in 1..<7 { _ = try await store.copy([first.uid], from: first.mailbox, to: .inbox) }
        var all: [UInt32] = []
        while true {
            let left = UIDSet(ranges: [(all.last ?? 0) + 1...UInt32.max])
            let rows = try await store.metadata(of: left, in: first.mailbox, with: .structure)
            guard !rows.isEmpty else { break }
            #expect(rows.count <= 2)
            #expect(rows.allSatisfy { $0.structure?.children.count == 9_990 })
            all += rows.map(\.uid)
        }
        #expect(all == [1, 2, 3, 4, 5, 6, 7])
        // Without structures they are small.
        #expect(try await store.metadata(of: .all, in: first.mailbox, with: .header).count == 7)
    }

    @Test func headersEndWithTheirBoundAndGoOn() async throws {
        let fixture = try await Fixture()
        let store = fixture.store
        let line = "X-Filler: " + String(repeating: "x", count: 900) + "\r\n"
        let long = message("long", header: String(repeating: line, count: 1_000))
        let first = try await store.deliver(long)
        for _ in 1..<9 { _ = try await store.copy([first.uid], from: first.mailbox, to: .inbox) }
        let rows = try await store.metadata(of: .all, in: first.mailbox, with: .header)
        #expect(rows.map(\.uid) == [1, 2, 3, 4, 5])
        #expect(rows.allSatisfy { $0.header?.count == $0.headerSize })
        let more = try await store.metadata(of: UIDSet(ranges: [6...UInt32.max]), in: first.mailbox, with: .header)
        #expect(more.map(\.uid) == [6, 7, 8, 9])
    }
}
