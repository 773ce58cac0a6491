// SPDX-License-Identifier: Apache-2.0
import GRDB

/// Bounds of a log-in to the web pages.
package enum WebSessionLimits {
    /// Seconds without a request after which it ends.
    package static let idle = 3_600
    /// Seconds after which it ends in any case.
    package static let life = 12 * 3_600
    /// Of one account at once; a further one ends the oldest.
    package static let perAccount = 10
    /// A request is noted only when the last note is that old, in seconds: a page view costs no write.
    static let noted = 60
}

extension Directory {
    /// Opens a session of the web pages for somebody whose password was right. `.noSuchAccount` when the account went
    /// or was disabled meanwhile.
    package func openWebSession(of account: AccountID) async throws -> WebSessionToken {
        let (token, time, id) = (WebSessionToken.random(), seconds, account.description)
        try await pool.write { db in
            try db.execute(
                sql: "DELETE FROM web_sessions WHERE seen < ? OR created < ?",
                arguments: [time - Int64(WebSessionLimits.idle), time - Int64(WebSessionLimits.life)])
            try db.execute(
                sql: """
                    INSERT INTO web_sessions (hash, account, created, seen)
                    SELECT ?, id, ?, ? FROM accounts WHERE id = ? AND disabled = 0
                    """, arguments: [token.hash, time, time, id])
            guard db.changesCount == 1 else { throw DirectoryError.noSuchAccount(id) }
            try db.execute(
                sql: """
                    DELETE FROM web_sessions WHERE account = ?1 AND rowid NOT IN
                        (SELECT rowid FROM web_sessions WHERE account = ?1 ORDER BY created DESC, rowid DESC LIMIT ?2)
                    """, arguments: [id, WebSessionLimits.perAccount])
        }
        return token
    }

    /// Whose session that is, with the rights that the account has now; `nil` when it ended.
    package func webSession(_ token: WebSessionToken) async throws -> AccountRecord? {
        let (hash, time) = (token.hash, seconds)
        let found = try await pool.read { db in
            try Row.fetchOne(
                db,
                sql: """
                    SELECT a.*, d.name AS domain_name, s.seen FROM web_sessions s JOIN accounts a ON a.id = s.account
                    JOIN domains d ON d.id = a.domain
                    WHERE s.hash = ? AND s.seen >= ? AND s.created >= ? AND a.disabled = 0
                    """,
                arguments: [hash, time - Int64(WebSessionLimits.idle), time - Int64(WebSessionLimits.life)]
            ).map { (Self.record($0), $0["seen"] as Int64) }
        }
        guard let (record, seen) = found else { return nil }
        if time - seen >= Int64(WebSessionLimits.noted) {
            try await pool.write {
                try $0.execute(sql: "UPDATE web_sessions SET seen = ? WHERE hash = ?", arguments: [time, hash])
            }
        }
        return record
    }

    /// Ends one session; one that is over already is no error.
    package func closeWebSession(_ token: WebSessionToken) async throws {
        let hash = token.hash
        try await pool.write { try $0.execute(sql: "DELETE FROM web_sessions WHERE hash = ?", arguments: [hash]) }
    }

    /// Ends all sessions of an account, but for the one to keep.
    static func closeWebSessions(of account: AccountID, keeping: WebSessionToken?, in db: Database) throws {
        try db.execute(
            sql: "DELETE FROM web_sessions WHERE account = ? AND hash IS NOT ?",
            arguments: [account.description, keeping?.hash])
    }
}
