// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import MailFormat
import SealedSQLite

/// Saves what can still be read of an account's file into a new one, which has the same key. The damaged file is only
/// read.
///
/// Messages keep mailbox, UID and flags, so that clients do not fetch them again; every mailbox gets a new HIGHESTMODSEQ,
/// and what was lost is recorded as gone. A message whose bytes are all there but whose row is lost goes to `Recovered`.
struct AccountSalvage {
    private let reader: SalvageReader
    private let output: DatabaseQueue
    private let progress: @Sendable (Int, Int) -> Void
    private var found = FoundRows()
    private var entries = FoundEntries()
    private var report = SalvageReport()

    static func run(
        _ path: String, key: SealedKey, into output: String, _ progress: @escaping @Sendable (Int, Int) -> Void
    ) throws -> SalvageReport {
        let file = try DamagedFile(path: path, key: key)
        try SealedDatabase.create(path: output, key: key, migrations: AccountFile.migrations)
        let queue = try SealedDatabase.openQueue(path: output, key: key, migrations: AccountFile.migrations)
        defer { try? queue.close() }
        let reader = SalvageReader(file) { progress($0 / 2, $1) }
        var salvage = AccountSalvage(reader: reader, output: queue, progress: progress)
        salvage.report.pages = Int(file.pageCount)
        salvage.report.unreadablePages = reader.unreadable.count
        try salvage.run()
        return salvage.report
    }

    private init(reader: SalvageReader, output: DatabaseQueue, progress: @escaping @Sendable (Int, Int) -> Void) {
        (self.reader, self.output, self.progress) = (reader, output, progress)
    }

    private mutating func run() throws {
        // Rows come in the order of their pages, children before their parents too.
        try output.writeWithoutTransaction { try $0.execute(sql: "PRAGMA foreign_keys = OFF") }
        try copyRows()
        try addMailboxes()
        try addMessages()
        try addMisplaced()
        try finish()
        try output.writeWithoutTransaction { try $0.execute(sql: "PRAGMA foreign_keys = ON") }
    }

    /// Mail is collected; rows of the other tables go over as they are.
    private mutating func copyRows() throws {
        let names = Dictionary(reader.roots.map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first })
        var (found, entries, otherRows) = (found, entries, 0)
        let reader = reader
        try output.write { db in
            try db.execute(sql: "DELETE FROM mailboxes; DELETE FROM subscriptions")
            var inserts: [String: RowCopy?] = [:]
            try reader.forEachRow { row in
                let name = row.root.flatMap { names[$0] }
                entries.take(row, of: name, reader)
                guard let table = name ?? RowShape(row).table, !found.take(row, of: table, reader) else { return }
                if inserts[table] == nil { inserts[table] = .some(try RowCopy(table, db)) }
                guard let copy = inserts[table] ?? nil else { return }
                guard let values = reader.values(of: row) else {
                    return entries.take(partOf: row, of: table, reader)
                }
                if try copy.insert(row.rowID, values, db) { otherRows += 1 }
            }
            let issued = try db.issuedBesidesMail()
            found.raise(modseq: issued.modseq, uidValidity: issued.uidValidity)
        }
        (self.found, self.entries, report.otherRows) = (found, entries, otherRows)
    }

    private mutating func addMailboxes() throws {
        let (found, entries) = (found, entries)
        var report = report
        try output.write { db in
            try db.execute(
                sql: "UPDATE account SET modseq = ?, uid_validity = ?",
                arguments: [
                    found.modseq + 1, found.uidValidity,
                ])
            for (id, mailbox) in found.mailboxes.sorted(by: { $0.key < $1.key }) {
                try db.execute(
                    sql: """
                        INSERT OR IGNORE INTO mailboxes
                        (id, name, uid_validity, uid_next, first_recent, modseq, special_use) VALUES (?, ?, ?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        id, mailbox.name, mailbox.uidValidity, mailbox.uidNext, mailbox.firstRecent, found.modseq + 1,
                        mailbox.specialUse,
                    ])
            }
            var homeless = Set(found.messages.keys.map { $0 >> 32 }).union(found.mailboxes.keys)
            homeless.subtract(try Int64.fetchAll(db, sql: "SELECT id FROM mailboxes"))
            if try db.mailbox(named: .inbox) == nil {
                // INBOX is the first that a file ever gets.
                try db.addMailbox(
                    found.mailboxes[1] == nil ? 1 : nil, MailboxName.inbox.path, modseq: found.modseq + 1)
                homeless.remove(1)
            }
            for id in homeless.sorted() {
                let known = entries.names["mailboxes"]?[id]
                let name = try db.addMailbox(id, known ?? "Recovered/\(id)", modseq: found.modseq + 1)
                report.lose(
                    known == nil
                        ? "the name of a mailbox, whose messages are in \(name)"
                        : "all but the name of mailbox \(name): clients will fetch its messages again")
            }
            try db.execute(sql: "DELETE FROM keywords WHERE mailbox NOT IN (SELECT id FROM mailboxes)")
        }
        self.report = report
    }

    private mutating func addMessages() throws {
        let keys = found.messages.keys.sorted()
        var bodies: [Int64: Int64] = [:]
        for start in stride(from: 0, to: keys.count, by: 100) {
            let batch = keys[start..<min(start + 100, keys.count)]
            var (report, known) = (report, bodies)
            let (found, reader) = (found, reader)
            try output.write { db in
                for key in batch {
                    guard let message = found.messages[key] else { continue }
                    let mailbox = MailboxID(rawValue: key >> 32)
                    if known[message.body] == nil {
                        known[message.body] = try db.addBody(found.bytes(of: message.body, size: message.size, reader))
                    }
                    guard let body = known[message.body] else {
                        let name = found.mailboxes[key >> 32]?.name ?? "a mailbox whose name is lost"
                        report.lose(
                            "UID \(MessageKey.uid(key)) of \(name), \(message.size) bytes, of \(Self.day(message.date))"
                        )
                        continue
                    }
                    let names = try db.keywords(of: mailbox)
                    let flags = names.flags(UInt64(bitPattern: message.flags))
                    var table = names
                    try db.insertMessage(
                        key, in: mailbox, body: body, modseq: message.modseq,
                        flags: db.pack(flags, in: mailbox, &table, adding: false), size: message.size,
                        date: message.date)
                    report.messages += 1
                    report.bytes += message.size
                }
            }
            (self.report, bodies) = (report, known)
            progress(keys.count / 2 + (start + batch.count) / 2, keys.count)
        }
    }

    /// Bodies that no message row leads to, but for those that were expunged.
    private mutating func addMisplaced() throws {
        let placed = Set(found.messages.values.map(\.body))
        let all = Set(found.chunks.keys.map { $0 >> ChunkLayout.keyBits }).union(found.bodies.keys).subtracting(placed)
        let (found, reader) = (found, reader)
        var report = report
        try output.write { db in
            var mailbox: MailboxID?
            for body in all.sorted() where found.bodies[body]?.links != 0 {
                // Without a schema, rows of the search index look like chunks; a message has a first one.
                guard found.bodies[body] != nil || reader.roots["chunks"] != nil || found.hasFirstChunk(of: body)
                else { continue }
                guard let id = try db.addBody(found.bytes(of: body, size: found.bodies[body]?.size, reader)) else {
                    let size = found.bodies[body].map { "\($0.size) bytes" } ?? "unknown size"
                    report.lose("a message of \(size), whose mailbox is lost too")
                    continue
                }
                if mailbox == nil {
                    let name = try MailboxName("Recovered")
                    mailbox = try db.mailbox(named: name)?.id ?? db.createMailbox(name, limit: .max)
                }
                let row = try db.mailbox(mailbox!)
                let uid = row.state.uidNext
                let modseq = try db.nextModseq()
                let size = try Int.fetchOne(db, sql: "SELECT size FROM bodies WHERE id = ?", arguments: [id]) ?? 0
                try db.insertMessage(
                    MessageKey.make(row.id, uid), in: row.id, body: id, modseq: modseq, flags: 0, size: size,
                    date: .now())
                try db.touch(row.id, modseq: modseq, uidNext: uid + 1)
                report.misplaced += 1
                report.bytes += size
            }
        }
        self.report = report
    }

    private static func day(_ date: InternalDate) -> String {
        String(Date(timeIntervalSince1970: TimeInterval(date.seconds)).ISO8601Format().prefix(10))
    }

    /// UIDNEXT past every UID, what is not there recorded as gone, calendars, contacts and subscriptions.
    private mutating func finish() throws {
        var rows: [Int64: Int64] = [:]
        for key in found.messages.keys { rows[key >> 32, default: 0] += 1 }
        for (id, mailbox) in found.mailboxes.sorted(by: { $0.key < $1.key }) {
            let missing = mailbox.messages - rows[id, default: 0]
            guard missing > 0 else { continue }
            report.lose("\(missing) more of \(mailbox.name), unless they are in Recovered: their rows are lost")
        }
        let reader = reader
        var (report, entries) = (report, entries)
        try output.write { db in
            try db.execute(
                sql: """
                    UPDATE mailboxes SET modseq = (SELECT modseq FROM account), uid_next = max(uid_next,
                        1 + coalesce((SELECT max(m.id & 0xFFFFFFFF) FROM messages m WHERE m.mailbox = mailboxes.id), 0));
                    """)
            let modseq = try Int64.fetchOne(db, sql: "SELECT modseq FROM account") ?? 1
            for row in try Row.fetchAll(db, sql: "SELECT \(MailboxRow.columns) FROM mailboxes").map(MailboxRow.init) {
                try db.recordGaps(in: row, modseq: modseq)
            }
            try db.settle(&entries)
            for tables in CollectionTables.all { try db.finish(tables, entries, &report) }
            try db.forgetSyncTokens()
            try db.finishSubscriptions(reader, &report)
        }
        (self.report, self.entries) = (report, entries)
    }
}

extension Database {
    /// Under that name, or one like it when it is taken. `id`: nil for any.
    @discardableResult
    fileprivate func addMailbox(_ id: Int64?, _ name: String, modseq: Int64) throws -> String {
        var (free, number) = (name, 1)
        while try mailbox(named: MailboxName(unchecked: free)) != nil {
            number += 1
            free = "\(name)-\(number)"
        }
        try execute(
            sql: "INSERT INTO mailboxes (id, name, uid_validity, modseq) VALUES (?, ?, ?, ?)",
            arguments: [id, free, try nextUIDValidity(), modseq])
        return free
    }

    fileprivate func addBody(_ bytes: [UInt8]?) throws -> Int64? {
        guard let bytes else { return nil }
        var limits = StoreLimits()
        limits.messageBytes = .max
        let body = try insert(PreparedMessage(bytes, limits: limits))
        try index(MessageText(MIMEPart(parsing: bytes), bytes, limit: limits.indexedTextBytes), of: body)
        return body
    }

    /// All UIDs below UIDNEXT that are not there.
    fileprivate func recordGaps(in mailbox: MailboxRow, modseq: Int64) throws {
        var next: UInt32 = 1
        func record(upTo end: UInt32) throws {
            guard next < end else { return }
            try execute(
                sql: "INSERT INTO changes (kind, collection, modseq, first, last) VALUES (?, ?, ?, ?, ?)",
                arguments: [ChangeKind.messages, mailbox.id.rawValue, modseq, Int64(next), Int64(end - 1)])
        }
        try forEachMessage("m.id", in: mailbox, .all) { row in
            let uid = MessageKey.uid(row[0])
            try record(upTo: uid)
            next = uid + 1
        }
        try record(upTo: mailbox.state.uidNext)
    }
}
