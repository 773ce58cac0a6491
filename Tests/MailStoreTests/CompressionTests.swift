// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import Testing

@testable import MailStore

/// Chunks are kept as zstd frames where that pays; nobody outside notices.
@Suite struct CompressionTests {
    private static func text(_ bytes: Int) -> String {
        let line = "Words of a language come again and again, so that they take little room.\r\n"
        return String(String(repeating: line, count: bytes / line.utf8.count + 1).prefix(bytes))
    }

    /// Bytes that no code makes shorter.
    static func noise(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    private static let messages: [String: [UInt8]] = [
        "a short one": message("s", "x"),
        "text in one chunk": message("t", text(20_000)),
        "text in several": message("u", text(400_000)),
        "noise": Array("Subject: n\r\n\r\n".utf8) + noise(300_000),
        "both": Array("Subject: m\r\n\r\n".utf8) + noise(131_072) + Array(text(200_000).utf8) + noise(131_072),
        "all header": Array("X: \(text(200_000).replacing("\r\n", with: "\r\n "))".utf8),
    ]

    @Test(arguments: messages.keys.sorted()) func everyRangeIsAsItCame(name: String) async throws {
        let fixture = try await Fixture()
        let bytes = try #require(Self.messages[name])
        let inbox = try await fixture.store.deliver(bytes).mailbox
        let found = try #require(try await fixture.store.metadata(of: [1], in: inbox, with: [.header]).first)
        #expect(found.size == bytes.count)
        #expect(found.header == Array(bytes.prefix(found.headerSize)))
        #expect(try await fixture.store.readAll(found.body) == bytes)
        #expect(try await fixture.store.use().messageBytes == bytes.count)
        for edge in [0, found.headerSize, 131_072, found.headerSize + 131_072, bytes.count] {
            for range in [edge - 1..<edge + 1, edge..<edge + 1, edge - 200..<edge + 140_000, edge..<edge] {
                let range = max(0, range.lowerBound)..<max(0, range.upperBound)
                let expected = Array(bytes[range.clamped(to: 0..<bytes.count)])
                #expect(try await fixture.store.read(found.body, range) == expected, "\(range)")
            }
        }
        #expect(try await fixture.store.check().findings == [])
    }

    @Test func itIsDoneWhereItPays() async throws {
        let fixture = try await Fixture()
        for name in ["text in several", "noise"] { _ = try await fixture.store.deliver(#require(Self.messages[name])) }
        let kept = try await fixture.store.read { db in
            try [1, 2].map { body in
                try Int.fetchOne(
                    db, sql: "SELECT sum(length(data)) FROM chunks WHERE id BETWEEN ?1 << 12 AND ?1 << 12 | 4095",
                    arguments: [body]) ?? 0
            }
        }
        #expect(kept[0] < 20_000)
        #expect(kept[1] == Self.messages["noise"]?.count)
    }

    /// A frame that gives more, or less, than the chunk has room for; what is no frame; what was cut.
    @Test(arguments: [1, 131_073, 100_000_000]) func aChunkThatLiesIsDamaged(bytes: Int) async throws {
        let fixture = try await Fixture()
        let inbox = try await fixture.store.deliver(#require(Self.messages["text in several"])).mailbox
        let body = try #require(try await fixture.store.metadata(of: [1], in: inbox).first).body
        // A frame of one repeated byte (RFC 8878 section 3.1.1), whose content is so long.
        var frame: [UInt8] =
            [0x28, 0xB5, 0x2F, 0xFD, 0xA0] + (0..<4).map { UInt8(truncatingIfNeeded: bytes >> ($0 * 8)) }
        var left = bytes
        while left > 0 {
            let block = min(left, 131_072)
            left -= block
            let header = (left == 0 ? 1 : 0) | 1 << 1 | block << 3
            frame += (0..<3).map { UInt8(truncatingIfNeeded: header >> ($0 * 8)) } + [0x41]
        }
        for data in [frame, [0], Array(frame.dropLast(2)), []] as [[UInt8]] {
            try await fixture.store.write { db in
                try db.execute(sql: "UPDATE chunks SET data = ? WHERE id = 1 << 12 | 1", arguments: [Data(data)])
            }
            await #expect(throws: StoreError.damaged) { try await fixture.store.readAll(body) }
            #expect(try await !fixture.store.check().isSound)
        }
    }

    /// The same form with the right length is read: the frame above is one.
    @Test func aFrameOfAnyCompressorIsRead() throws {
        let frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x20, 5, 0x01 | 1 << 1 | 5 << 3, 0, 0, 0x41]
        #expect(
            try frame.withUnsafeBytes { try ChunkCoding.decompressed($0, size: 5) }
                == [UInt8](repeating: 0x41, count: 5))
        #expect(ChunkCoding.recovered(frame).count == 5)
        #expect(ChunkCoding.recovered(Array(frame.dropLast())) == frame.dropLast())
        #expect(ChunkCoding.recovered(Array("plain".utf8)) == Array("plain".utf8))
    }

    /// Of a row of `bodies` that says anything.
    @Test(arguments: ["chunk = 0", "lead = -1", "lead = 9223372036854775807", "encoding = 7", "encoding = 0"])
    func aLayoutThatLiesIsDamaged(change: String) async throws {
        let fixture = try await Fixture()
        let inbox = try await fixture.store.deliver(#require(Self.messages["text in several"])).mailbox
        let body = try #require(try await fixture.store.metadata(of: [1], in: inbox).first).body
        try await fixture.store.write { try $0.execute(sql: "UPDATE bodies SET \(change)") }
        await #expect(throws: StoreError.damaged) { try await fixture.store.readAll(body) }
    }
}
