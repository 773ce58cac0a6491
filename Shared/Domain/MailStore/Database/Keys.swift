// SPDX-License-Identifier: Apache-2.0

/// Key of a row of `messages`.
enum MessageKey {
    static func make(_ mailbox: MailboxID, _ uid: UInt32) -> Int64 { mailbox.rawValue << 32 | Int64(uid) }
    static func uid(_ key: Int64) -> UInt32 { UInt32(truncatingIfNeeded: key) }

    /// All keys of a mailbox.
    static func range(_ mailbox: MailboxID) -> ClosedRange<Int64> { make(mailbox, 0)...make(mailbox, .max) }

    static func range(_ mailbox: MailboxID, _ uids: ClosedRange<UInt32>) -> ClosedRange<Int64> {
        make(mailbox, uids.lowerBound)...make(mailbox, uids.upperBound)
    }
}

/// How the bytes of a body lie in `chunks`: chunk 0 has `lead` bytes, each further one `chunk`, the last what is left.
///
/// A small message is one chunk. Of a larger one, chunk 0 is the header, so that reading it touches no page of the
/// body.
struct ChunkLayout: Equatable {
    static let smallMessage = 32 * 1024
    static let chunkBytes = 128 * 1024
    static let keyBits: Int64 = 12

    var size: Int
    var lead: Int
    var chunk: Int

    init(size: Int, lead: Int, chunk: Int) {
        self.size = size
        self.lead = lead
        self.chunk = chunk
    }

    init(size: Int, headerSize: Int) {
        self.size = size
        chunk = Self.chunkBytes
        if size <= Self.smallMessage {
            lead = size
        } else {
            lead = headerSize > 0 ? min(headerSize, Self.chunkBytes) : min(size, Self.chunkBytes)
        }
    }

    /// Whether the other figures can be asked for; a damaged row may say anything.
    var isPossible: Bool {
        let limit = Int(Int32.max)
        return (0...limit).contains(size) && (0...limit).contains(lead) && (1...limit).contains(chunk)
    }

    var count: Int { size <= lead ? 1 : 1 + (size - lead + chunk - 1) / chunk }

    /// Bytes of chunk n.
    func range(_ n: Int) -> Range<Int> {
        n == 0 ? 0..<min(lead, size) : (lead + (n - 1) * chunk)..<min(lead + n * chunk, size)
    }

    /// The chunk that holds the byte at `offset`.
    func index(of offset: Int) -> Int { offset < lead ? 0 : 1 + (offset - lead) / chunk }

    static func key(_ body: Int64, _ n: Int) -> Int64 { body << keyBits | Int64(n) }
    static func keys(_ body: Int64) -> ClosedRange<Int64> { key(body, 0)...key(body, (1 << Int(keyBits)) - 1) }
}
