// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import MailFormat

extension AccountStore {
    /// UIDs of `mailbox` that match, ascending. Cancelling the task ends it soon. `.limit(.searchKeys)`
    ///
    /// Texts are found with the index where the needle has three characters or more, else by looking through the kept
    /// texts; messages that are not indexed yet are read themselves. Each step is a transaction of its own, so a long search holds up no checkpoint.
    package func search(_ query: SearchQuery, in mailbox: MailboxID) async throws(StoreError) -> SearchResult {
        let limit = limits.searchKeys
        let first = try await read { db in
            let row = try db.mailbox(mailbox)
            var budget = limit
            let plan = try db.plan(query, db.keywords(of: mailbox), budget: &budget)
            return try FirstPass(db, plan, row)
        }
        var result = SearchResult(state: first.state, uids: [], highestModseq: 0)
        var found = first.found
        var open = first.open[...]
        while !open.isEmpty {
            guard !Task.isCancelled else { throw .cancelled }
            let batch = open.prefix(Self.searchBatch)
            open = open.dropFirst(Self.searchBatch)
            found += try await read { db in
                try batch.filter { message in
                    try first.plan.matches(message) { try db.holds($0, message.body) }
                }.map { (uid: $0.uid, modseq: $0.modseq) }
            }
        }
        found.sort { $0.uid < $1.uid }
        result.uids = found.map(\.uid)
        result.highestModseq = found.lazy.map(\.modseq).max() ?? 0
        return result
    }

    private static let searchBatch = 256

    /// What the rows alone tell.
    private struct FirstPass: Sendable {
        var plan: SearchPlan
        var state: MailboxState
        var found: [(uid: UInt32, modseq: UInt64)] = []
        var open: [SearchPlan.Message] = []

        init(_ db: Database, _ plan: SearchPlan, _ mailbox: MailboxRow) throws {
            self.plan = plan
            state = mailbox.state
            let needsSentDay = plan.needsSentDay
            try db.forEachMessage(
                """
                m.id, m.body, m.flags, m.modseq, m.size, m.internal_date + m.zone * 60, \
                \(needsSentDay ? "b.sent_day" : "NULL")
                """, from: needsSentDay ? "messages m JOIN bodies b ON b.id = m.body" : "messages m", in: mailbox,
                plan.reach
            ) { row in
                let seconds: Int = row[5]
                let message = SearchPlan.Message(
                    uid: MessageKey.uid(row[0]), body: row[1], flags: UInt64(bitPattern: row[2] as Int64),
                    modseq: UInt64(bitPattern: row[3] as Int64), size: row[4],
                    day: seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400, sentDay: row[6])
                switch plan.verdict(message) {
                case .yes: found.append((message.uid, message.modseq))
                case .no: break
                case .open: open.append(message)
                }
            }
        }
    }
}

extension Database {
    /// Whether the texts of a body hold a needle.
    fileprivate func holds(_ needle: SearchPlan.Needle, _ body: Int64) throws -> Bool {
        let statement = try cachedStatement(sql: "SELECT complete, header, content FROM texts WHERE body = ?")
        if let row = try Row.fetchOne(statement, arguments: [body]), row[0] as Bool {
            return try row.withUnsafeData(atIndex: 1) { header in
                try row.withUnsafeData(atIndex: 2) { content in
                    MessageText.holds(needle, header: header ?? Data(), content: content ?? Data())
                }
            }
        }
        // Not indexed yet, or more text than is kept: from the message itself.
        var bytes: [UInt8] = []
        do {
            while true {
                let next = bytes.count..<bytes.count + StoreLimits.readBytes
                let piece = try self.bytes(of: BodyID(rawValue: body), next)
                if piece.isEmpty { break }
                bytes += piece
            }
        } catch StoreError.noSuchBody {
            // Expunged and tidied away since the rows were read.
            return false
        }
        let text = MessageText(MIMEPart(parsing: bytes), bytes, limit: .max)
        return MessageText.holds(needle, header: text.header, content: text.content)
    }
}
