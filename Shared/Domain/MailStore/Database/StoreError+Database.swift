// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import SealedSQLite

extension StoreError {
    /// The one place where errors of SQLite become ours. Texts name no statement and no value.
    init(_ error: any Error) {
        switch error {
        case let error as StoreError: self = error
        case let error as SealedError:
            switch error {
            case .noSuchFile: self = .noSuchAccount
            case .fileExists: self = .accountExists
            case .tooNew: self = .tooNew
            case .system(_, ENOSPC), .system(_, EDQUOT): self = .diskFull
            case .system, .networkFileSystem, .misuse: self = .unavailable(error.description)
            }
        case is CancellationError: self = .cancelled
        case let error as DatabaseError:
            switch error.resultCode {
            case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy
            case .SQLITE_FULL: self = .diskFull
            case .SQLITE_READONLY where error.extendedResultCode == .SQLITE_READONLY_DBMOVED: self = .moved
            // The wal-index of a file that nobody had open could not be made.
            case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_SHMSIZE: self = .diskFull
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .damaged
            case .SQLITE_INTERRUPT, .SQLITE_ABORT: self = .cancelled
            default: self = .unavailable("SQLite \(error.extendedResultCode.rawValue): \(error.message ?? "")")
            }
        default: self = .unavailable("\(type(of: error))")
        }
    }
}
