// SPDX-License-Identifier: Apache-2.0
import GRDB

extension Arrivals {
    /// Examines the whole file without the account's key: every page with its tag, and what must hold between the tables.
    /// Whether the messages open only their filing tells; those that did not are a finding. A sentence each; empty: nothing is
    /// wrong that can be seen.
    package func check() async throws(StoreError) -> [String] {
        do {
            var findings = try await integrityProblems().map { "sealed arrivals: SQLite: \($0)" }
            let refused = try await state().refused
            if refused > 0 { findings.append("sealed arrivals: \(refused) messages do not open and were put aside") }
            for invariant in Self.invariants {
                findings += try await read { db in
                    try String.fetchAll(db, sql: "SELECT * FROM (\(invariant.sql)) LIMIT 10")
                        .map { "sealed arrivals: \(invariant.finding) \($0)" }
                }
            }
            return findings
        } catch .damaged {
            return ["sealed arrivals: a page is damaged, or the file cannot be opened with its key"]
        } catch .moved {
            return ["sealed arrivals: the file is not there"]
        }
    }

    private static let invariants = [
        Invariant(
            finding: "chunks are missing or too many, of message",
            sql: """
                SELECT id FROM arrivals a WHERE (
                    SELECT count(*) FROM chunks c
                    WHERE c.id BETWEEN a.id << \(ArrivalChunk.keyBits) AND (a.id + 1 << \(ArrivalChunk.keyBits)) - 1
                ) <> (size + \(ArrivalHeader.byteCount + ArrivalSeal.chunkBytes - 1)) / \(ArrivalSeal.chunkBytes)
                """),
        Invariant(
            finding: "chunks belong to no message:",
            sql: """
                SELECT DISTINCT id >> \(ArrivalChunk.keyBits) FROM chunks
                WHERE id >> \(ArrivalChunk.keyBits) NOT IN (SELECT id FROM arrivals)
                """),
        Invariant(
            finding: "the figures of what waits are not those of the messages:",
            sql: """
                SELECT waiting FROM state WHERE (waiting, waiting_bytes) <> (
                    SELECT count(*), coalesce(sum(size), 0) FROM arrivals WHERE refused IS NULL)
                """),
    ]
}
