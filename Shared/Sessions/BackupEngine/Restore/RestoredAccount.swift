// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import MailStore
import SealedSQLite

/// An account's file that was rebuilt and is not in its place yet.
enum RestoredAccount {
    /// Checks it, page by page, and raises what it gives out past `marks`.
    static func finish(
        _ account: AccountID, in folder: String, file: AccountFileKey, after marks: IssuedMarks?
    ) async throws {
        let files = AccountDirectory(root: folder, limit: 1) { _ in file }
        do {
            let store = try await files.store(for: account)
            let problems = try await store.integrityProblems()
            guard problems.isEmpty else {
                throw BackupError.damaged("the restored file of account \(account): \(problems[0])")
            }
            try await store.becomeRestored(after: marks)
        } catch {
            await files.close()
            throw error
        }
        await files.close()
    }
}
