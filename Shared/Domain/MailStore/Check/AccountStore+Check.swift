// SPDX-License-Identifier: Apache-2.0
import GRDB
import SealedSQLite

extension AccountStore {
    /// Examines the whole file while it is in use: the bytes of every message, every page in use with its tag
    /// (SQLite's integrity_check), and what must hold between the tables (`Invariant`). Writes nothing, and stops no
    /// writer; what arrives meanwhile may or may not be seen.
    ///
    /// - Parameters:
    ///   - searchIndex: also whether the search index has every word of the texts, and no other. That takes the write
    ///     lock until it is done.
    ///   - progress: messages read so far, of how many.
    /// Damage is what the report says, and no error. Throws `.noSuchAccount`, `.keyUnavailable`, `.tooNew`, `.busy`,
    /// `.unavailable`.
    package func check(
        searchIndex: Bool = false, progress: @Sendable (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) async throws(StoreError) -> CheckReport {
        var report = CheckReport()
        do { try await read { _ = try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_schema") } } catch .damaged {
            report.found(
                "nothing in the file can be read: what leads to all of it is damaged, or its key is another; salvage saves the rest"
            )
            report.name(await damagedPages())
            return report
        }
        do {
            try await checkBodies(&report, progress)
        } catch .damaged {
            report.found("a page that leads to the messages is damaged")
        }
        for finding in try await ask("the structure of the file cannot be read", Self.integrityProblems) {
            report.found(finding)
        }
        for invariant in Invariant.all {
            do {
                let places = try await read { db in
                    try String.fetchAll(db, sql: "SELECT * FROM (\(invariant.sql)) LIMIT 10")
                }
                for place in places { report.found(invariant.finding, place) }
            } catch .damaged {
                report.found("cannot be looked into because a page is damaged: \(invariant.finding) …")
            }
        }
        if searchIndex {
            do {
                try await write { db in
                    try db.execute(sql: "INSERT INTO text_index(text_index, rank) VALUES ('integrity-check', 1)")
                }
            } catch .damaged {
                report.found("the search index does not fit the texts")
            }
        }
        if !report.isSound { report.name(await damagedPages()) }
        return report
    }

    private func ask(
        _ damaged: String, _ question: @escaping @Sendable (Database) throws -> [String]
    ) async throws(StoreError) -> [String] {
        do { return try await read(question) } catch .damaged { return [damaged] }
    }

    @Sendable private static func integrityProblems(_ db: Database) throws -> [String] {
        try db.integrityProblems()
            .map { "SQLite: " + $0.split(separator: "\n").joined(separator: "; ") }
    }

    /// Every body in short transactions, so that none pins the log.
    private func checkBodies(
        _ report: inout CheckReport, _ progress: @Sendable (Int, Int) -> Void
    ) async throws(StoreError) {
        let count = try await read { try Int.fetchOne($0, sql: "SELECT count(*) FROM bodies") ?? 0 }
        var last: Int64 = 0
        while true {
            progress(min(report.messages, count), count)
            let after = last
            let ids = try await read { db in
                try Int64.fetchAll(
                    db, sql: "SELECT id FROM bodies WHERE id > ? ORDER BY id LIMIT 100", arguments: [after])
            }
            guard let end = ids.last else { return }
            for id in ids { try await checkBody(id, &report) }
            last = end
        }
    }

    private func checkBody(_ id: Int64, _ report: inout CheckReport) async throws(StoreError) {
        report.messages += 1
        do {
            let isReadable = try await read { db in
                let row = try Row.fetchOne(db, sql: "SELECT structure, size FROM bodies WHERE id = ?", arguments: [id])
                guard let row else { return true }
                do { _ = try StructureCoding.decode(row[0], size: row[1]) } catch { return false }
                return true
            }
            if !isReadable { report.found("the parsed structure cannot be read, of body", "\(id)") }
            var offset = 0
            while true {
                let piece = try await read(BodyID(rawValue: id), offset..<offset + StoreLimits.readBytes)
                if piece.isEmpty { break }
                offset += piece.count
                report.bytes += piece.count
            }
        } catch .damaged, .noSuchBody {
            let stillThere = try await ask("") { db in
                let names = try Row.fetchAll(
                    db,
                    sql: """
                        SELECT b.name, m.id & 0xFFFFFFFF FROM messages m JOIN mailboxes b ON b.id = m.mailbox
                        WHERE m.body = ? LIMIT 5
                        """, arguments: [id])
                if !names.isEmpty { return names.map { "UID \($0[1] as Int64) of \($0[0] as String)" } }
                return try Int.fetchOne(db, sql: "SELECT 1 FROM bodies WHERE id = ?", arguments: [id]) == nil
                    ? [] : ["a message that was expunged"]
            }
            // Tidied away since we saw it: nothing is wrong.
            guard !stillThere.isEmpty else { return }
            report.found(
                "bytes are missing or damaged, of",
                "\(stillThere.filter { !$0.isEmpty }.joined(separator: ", ")) (body \(id))")
        }
    }
}
