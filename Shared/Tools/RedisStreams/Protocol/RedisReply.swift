// SPDX-License-Identifier: Apache-2.0

import CHiredis

/// A reply of Redis (RESP2).
package enum RedisReply: Sendable, Equatable {
    case text(String)
    case integer(Int)
    case null
    case array([RedisReply])
    case error(String)

    package var text: String? { if case .text(let value) = self { value } else { nil } }
    package var integer: Int? { if case .integer(let value) = self { value } else { nil } }
    package var array: [RedisReply]? { if case .array(let value) = self { value } else { nil } }
}

package enum RedisError: Error, Equatable {
    /// No connection now; a call fails at once and the connection is being made beside it.
    case notConnected
    /// Too many calls wait for their replies.
    case busy
    /// The reply did not come in time, or came broken; the connection is made anew.
    case lost
    /// Redis refused, in its own words.
    case refused(String)
}

/// hiredis' parser of replies: bytes in, whole replies out. Not Sendable: it stays on one event loop.
final class RedisReader {
    /// A reply of ours has at most some hundred short strings; more unfinished bytes than this are an error.
    static let longestReply = 4 << 20

    private let reader: UnsafeMutablePointer<redisReader>
    private var unfinished = 0

    init?() {
        guard let reader = redisReaderCreate() else { return nil }
        self.reader = reader
    }

    deinit { redisReaderFree(reader) }

    /// Throws `RedisError.lost` when the bytes are no RESP, or too many.
    func feed(_ bytes: UnsafeRawBufferPointer) throws {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return }
        unfinished += bytes.count
        guard unfinished <= Self.longestReply else { throw RedisError.lost }
        let status = redisReaderFeed(reader, base.assumingMemoryBound(to: CChar.self), bytes.count)
        guard status == REDIS_OK else { throw RedisError.lost }
    }

    /// The next whole reply, nil when more bytes are needed.
    func next() throws -> RedisReply? {
        var raw: UnsafeMutableRawPointer?
        guard redisReaderGetReply(reader, &raw) == REDIS_OK else { throw RedisError.lost }
        guard let raw else { return nil }
        defer { freeReplyObject(raw) }
        unfinished = 0
        return Self.value(raw.assumingMemoryBound(to: redisReply.self))
    }

    /// hiredis bounds the nesting (7 levels) itself.
    private static func value(_ reply: UnsafeMutablePointer<redisReply>) -> RedisReply {
        switch reply.pointee.type {
        case REDIS_REPLY_STRING, REDIS_REPLY_STATUS: return .text(text(reply))
        case REDIS_REPLY_ERROR: return .error(text(reply))
        case REDIS_REPLY_INTEGER: return .integer(Int(reply.pointee.integer))
        case REDIS_REPLY_ARRAY:
            return .array(
                (0..<Int(reply.pointee.elements)).map { index in
                    guard let element = reply.pointee.element[index] else { return .null }
                    return value(element)
                })
        default: return .null
        }
    }

    private static func text(_ reply: UnsafeMutablePointer<redisReply>) -> String {
        guard let characters = reply.pointee.str else { return "" }
        return String(decoding: UnsafeRawBufferPointer(start: characters, count: Int(reply.pointee.len)), as: UTF8.self)
    }
}
