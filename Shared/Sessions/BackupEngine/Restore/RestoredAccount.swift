// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import MailStore
import SealedSQLite

/// An account's file that was rebuilt and is not in its place yet.
enum RestoredAccount {
    /// Reads it page by page. Throws `BackupError.damaged`, `StoreError.damaged`.
    static func check(_ account: AccountID, in folder: String, file: AccountFileKey) async throws {
        try await withStore(of: account, in: folder, file: file) { store, _ in
            let problems = try await store.integrityProblems()
            guard problems.isEmpty else {
                throw BackupError.damaged("the restored file of account \(account): \(problems[0])")
            }
        }
    }

    /// Raises what it gives out past `marks`, then files what waited for it sealed.
    static func finish(
        _ account: AccountID, in folder: String, file: AccountFileKey, after marks: IssuedMarks?,
        filing waiting: WaitingMail? = nil
    ) async throws -> FiledMail {
        try await withStore(of: account, in: folder, file: file, arrivals: waiting?.place) { store, files in
            try await store.becomeRestored(after: marks)
            guard let key = waiting?.key, let arrivals = try await files.arrivals(of: account) else {
                return FiledMail()
            }
            let filed = try await store.file(arrivals, with: key)
            return FiledMail(messages: filed.messages, unopened: try await arrivals.state().refused)
        }
    }

    /// Whether one account's file in a backup is damaged, which keeps no other from coming back.
    static func isDamage(_ error: any Error) -> Bool {
        switch error {
        case BackupError.damaged, StoreError.damaged: true
        default: false
        }
    }

    private static func withStore<T: Sendable>(
        of account: AccountID, in folder: String, file: AccountFileKey, arrivals place: ArrivalsPlace? = nil,
        _ body: (AccountStore, AccountDirectory) async throws -> T
    ) async throws -> T {
        try await AccountDirectory(root: folder, limit: 1, arrivals: { _ in place }, keys: { _ in file })
            .closing { files in try await body(files.store(for: account), files) }
    }
}

/// Mail that waited sealed for an account when the backup was taken; its file is rebuilt.
struct WaitingMail {
    let place: ArrivalsPlace
    /// Opens it; nil: nobody opened the account.
    let key: ArrivalKey?
    let messages: Int
}

/// What became of it.
struct FiledMail: Sendable {
    var messages = 0
    /// That do not open with the account's key: damaged before the backup was taken, or never sealed to it.
    var unopened = 0
}
