// SPDX-License-Identifier: Apache-2.0
import GRDB

extension Database {
    /// The packed form of flags in a mailbox. Keywords that it has not get a bit; with `adding: false` they are left
    /// out.
    func pack(_ flags: MessageFlags, in mailbox: MailboxID, _ table: inout KeywordTable, adding: Bool = true) throws
        -> UInt64
    {
        var packed = UInt64(flags.system.rawValue & 0x1F)
        for keyword in flags.keywords.sorted() {
            try Self.check(keyword)
            if let bit = table.bit(of: keyword) {
                packed |= bit
            } else if adding {
                packed |= try addKeyword(keyword, to: mailbox, &table, sparing: packed)
            }
        }
        return packed
    }

    /// RFC 9051 `flag-keyword` is an atom.
    static func check(_ keyword: String) throws(StoreError) {
        let isAtom = keyword.utf8.allSatisfy { byte in
            byte > 0x20 && byte < 0x7F && !#"(){%*"\]"#.utf8.contains(byte)
        }
        guard isAtom, !keyword.isEmpty, keyword.utf8.count <= StoreLimits.keywordBytes else {
            throw .invalidKeyword(String(keyword.prefix(StoreLimits.keywordBytes)))
        }
    }

    private func addKeyword(
        _ keyword: String, to mailbox: MailboxID, _ table: inout KeywordTable, sparing packed: UInt64
    ) throws -> UInt64 {
        var free = table.names.firstIndex { $0 == nil } ?? table.names.count
        if free >= KeywordTable.capacity {
            guard let position = try forgetUnusedKeywords(of: mailbox, &table, sparing: packed) else {
                throw StoreError.limit(.keywords)
            }
            free = position
        }
        try execute(
            sql: "INSERT INTO keywords (mailbox, position, name) VALUES (?, ?, ?)",
            arguments: [mailbox.rawValue, free, keyword])
        table.set(keyword, at: free)
        return 1 << UInt64(free + KeywordTable.firstBit)
    }

    /// Frees the bits that no message has; returns one of them. Reads the whole mailbox, hence only when all are taken.
    private func forgetUnusedKeywords(
        of mailbox: MailboxID, _ table: inout KeywordTable, sparing packed: UInt64
    ) throws -> Int? {
        var used = packed
        let keys = MessageKey.range(mailbox)
        let flags = try Int64.fetchCursor(
            self, sql: "SELECT flags FROM messages WHERE id BETWEEN ? AND ?",
            arguments: [keys.lowerBound, keys.upperBound])
        while let value = try flags.next() { used |= UInt64(bitPattern: value) }
        var found: Int?
        for position in table.names.indices where used & 1 << UInt64(position + KeywordTable.firstBit) == 0 {
            try execute(
                sql: "DELETE FROM keywords WHERE mailbox = ? AND position = ?",
                arguments: [mailbox.rawValue, position])
            table.set(nil, at: position)
            found = found ?? position
        }
        return found
    }
}
