// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import RedisStreams

/// Without a server.
@Suite struct AloneTests {
    @Test func repliesAtEverySplit() throws {
        let bytes = Array("*4\r\n$1\r\na\r\n:7\r\n$-1\r\n*1\r\n+OK\r\n-ERR no\r\n".utf8)
        for split in 0...bytes.count {
            let reader = try #require(RedisReader())
            var replies: [RedisReply] = []
            for part in [bytes[..<split], bytes[split...]] {
                try part.withUnsafeBytes { try reader.feed($0) }
                while let reply = try reader.next() { replies.append(reply) }
            }
            #expect(replies == [.array([.text("a"), .integer(7), .null, .array([.text("OK")])]), .error("ERR no")])
        }
    }

    @Test func whatIsNoReplyIsAnError() throws {
        let reader = try #require(RedisReader())
        #expect(throws: RedisError.lost) {
            try Array("HTTP/1.1 200 OK\r\n".utf8).withUnsafeBytes { try reader.feed($0) }
            _ = try reader.next()
        }
    }

    @Test func anEndlessReplyIsAnError() throws {
        let reader = try #require(RedisReader())
        try Array("$999999999\r\n".utf8).withUnsafeBytes { try reader.feed($0) }
        let block = [UInt8](repeating: 0x61, count: 1 << 20)
        #expect(throws: RedisError.lost) {
            for _ in 0..<5 { try block.withUnsafeBytes { try reader.feed($0) } }
        }
    }

    @Test func pausesGrowToABound() {
        #expect(RedisLink.pause(after: 1, spread: 1) == .milliseconds(50))
        #expect(RedisLink.pause(after: 3, spread: 1) == .milliseconds(200))
        #expect(RedisLink.pause(after: 1000, spread: 1) == .seconds(5))
    }

    @Test func theHashIsKeyedAndShared() {
        #expect(KeyedHash(secret: "a")("192.0.2.1") == KeyedHash(secret: "a")("192.0.2.1"))
        #expect(KeyedHash(secret: "a")("192.0.2.1") != KeyedHash(secret: "b")("192.0.2.1"))
        #expect(KeyedHash(secret: "a")("192.0.2.1").count == 32)
    }
}
