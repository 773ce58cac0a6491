// SPDX-License-Identifier: Apache-2.0
import GRDB

extension AccountStore {
    /// Changes what may be many messages by some thousand (`StoreLimits.changedAtOnce`), each in a transaction of its own: who
    /// waits for the writer gets it in between. What there was at the beginning, nothing that came since. `taking` gets what each
    /// step returned; after an error of a later one, what the earlier ones did is done.
    func changeInSteps<Step: Sendable>(
        _ uids: UIDSet, in mailbox: MailboxID,
        _ step: @escaping @Sendable (Database, MailboxRow, UIDSet) throws -> Step,
        taking: (Step) -> Void
    ) async throws(StoreError) {
        let most = limits.changedAtOnce
        var rest = uids
        repeat {
            let todo = rest
            let (result, left) = try await write { db in
                let row = try db.mailbox(mailbox)
                let (some, left) = try db.first(most, of: todo, in: row)
                return (try step(db, row, some), left)
            }
            taking(result)
            rest = left
        } while !rest.isEmpty
    }
}

extension Database {
    /// Splits UIDs behind the first so many messages that are there.
    fileprivate func first(_ most: Int, of uids: UIDSet, in row: MailboxRow) throws -> (some: UIDSet, left: UIDSet) {
        guard row.messages > most else { return (uids, UIDSet()) }
        let ids = try cachedStatement(sql: "SELECT id FROM messages WHERE id BETWEEN ? AND ? ORDER BY id")
        var count = 0
        for range in uids.ranges where range.lowerBound < row.state.uidNext {
            let keys = MessageKey.range(row.id, range)
            let found = try Int64.fetchCursor(ids, arguments: [keys.lowerBound, keys.upperBound])
            while let id = try found.next() {
                count += 1
                guard count > most else { continue }
                let next = MessageKey.uid(id)
                return (uids.clamped(to: 0...next - 1), uids.clamped(to: next...max(next, row.state.uidNext - 1)))
            }
        }
        return (uids, UIDSet())
    }
}
