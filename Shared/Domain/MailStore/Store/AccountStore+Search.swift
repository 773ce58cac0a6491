// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import MailFormat

extension AccountStore {
    /// UIDs of `mailbox` that match, ascending. Cancelling the task ends it soon. `.limit(.searchKeys)`
    ///
    /// Texts are found with the index where the needle has three characters or more, else by looking through the kept
    /// texts; messages that are not indexed yet, or have more text than is kept, are walked through themselves, a window
    /// at a time. Each step and each window is a transaction of its own, so a long search holds up no checkpoint and no
    /// other reader.
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
            let batch = open.prefix(SearchStep.messages)
            let step = try await read { db in try SearchStep(db, batch, first.plan) }
            open = open.dropFirst(step.count)
            found += step.found.map { ($0.uid, $0.modseq) }
            for message in step.unread where try await matches(message, first.plan) {
                found.append((message.uid, message.modseq))
            }
        }
        found.sort { $0.uid < $1.uid }
        result.uids = found.map(\.uid)
        result.highestModseq = found.lazy.map(\.modseq).max() ?? 0
        return result
    }

    /// By the message itself, walked through once for all needles.
    private func matches(_ message: SearchPlan.Message, _ plan: SearchPlan) async throws(StoreError) -> Bool {
        let body = BodyID(rawValue: message.body)
        do {
            let searched = try await read { db in try SearchedBody(db, body) }
            let scan = try await searched.walk(partBytes: .max, NeedleScan(for: plan.sought(in: message.body))) {
                range in
                try await read { db in try db.bytes(of: body, range) }
            }
            return plan.matches(message) { scan.found.contains($0) }
        } catch {
            // Expunged and tidied away since the rows were read.
            if StoreError(error) == .noSuchBody { return false }
            throw StoreError(error)
        }
    }

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

/// What the kept texts tell of the next messages, in one transaction.
struct SearchStep: Sendable {
    /// Messages of a step; bytes of texts that end it, when the last that is begun is looked through.
    static let messages = 256
    static let bytes = 4 * 1024 * 1024

    /// Messages that were looked at.
    private(set) var count = 0
    private(set) var found: [SearchPlan.Message] = []
    /// Not indexed yet, or with more text than is kept: only the message itself tells.
    private(set) var unread: [SearchPlan.Message] = []

    init(_ db: Database, _ messages: some Sequence<SearchPlan.Message>, _ plan: SearchPlan) throws {
        let statement = try db.cachedStatement(
            sql: "SELECT header, content FROM texts WHERE body = ? AND complete <> 0")
        var bytes = 0
        for message in messages where bytes < Self.bytes {
            count += 1
            guard let row = try Row.fetchOne(statement, arguments: [message.body]) else {
                unread.append(message)
                continue
            }
            let (header, content): (Data, Data) = (row[0], row[1])
            bytes += header.count + content.count
            if plan.matches(message, { MessageText.holds($0, header: header, content: content) }) {
                found.append(message)
            }
        }
    }
}
