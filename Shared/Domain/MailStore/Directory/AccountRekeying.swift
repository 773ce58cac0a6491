// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import GRDB
import SealedSQLite

/// How far it is.
package enum RekeyStep: Sendable, Equatable {
    /// config.db knows the new file.
    case begun
    case copying(done: Int64, of: Int64)
    /// The copy has everything but what is written just now.
    case copied
    /// Nobody else writes to the old file from here to the end.
    case locked
    /// The new file is whole, on disk and under its name.
    case named
    /// The old file has no name any more: the new one is the account's.
    case exchanged
    /// config.db says so.
    case ended
}

/// Puts a file with a new name and a new key in the place of an account's while it is in use (docs/decisions/0052).
struct AccountRekeying {
    /// How often it is begun when the file is exchanged, or its log begun anew, under it.
    private static let attempts = 3
    /// Under the lock at most about so many pages are left to copy, unless the file changes faster than it can be copied.
    private static let fewPages = 128
    private static let mostRounds = 10

    let directory: Directory
    let account: AccountID
    /// Folder of the account files.
    let root: String
    let slots: NextSlots
    let actor: String
    let tell: @Sendable (RekeyStep) throws -> Void

    /// - Parameter known: the file and its key, when the directory cannot open its slot.
    func run(known: AccountFileKey?) throws {
        for attempt in 1...Self.attempts {
            do { return try once(known: known) } catch SnapshotError.busy {
                if attempt == Self.attempts { throw RekeyError.busy }
            } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
                throw RekeyError.busy
            } catch  where Self.isMoved(error) {
                if attempt == Self.attempts || known != nil { throw RekeyError.superseded }
            } catch let error as DamagedPage { throw RekeyError.damaged(page: error.number) }
        }
    }

    /// The old file lost its name to another run, which was faster.
    private static func isMoved(_ error: any Error) -> Bool {
        switch error {
        case let error as DatabaseError: error.extendedResultCode == .SQLITE_READONLY_DBMOVED
        case SealedError.noSuchFile, SnapshotError.noSuchFile: true
        default: false
        }
    }

    private func once(known: AccountFileKey?) throws {
        let old = try known ?? directory.fileKey(of: account)
        try directory.clearCutRekeying(of: account, beside: old)
        let next = AccountFileKey(file: .random(), key: .random())
        let (temporary, target) = (next.file.path(in: root) + ".new", next.file.path(in: root))
        // What the file does not know yet about itself would be lost with its name.
        try AccountFile.endRestore(path: old.file.path(in: root), key: old.key)
        let copy = try RekeyedCopy(of: old.file.path(in: root), key: old.key, at: temporary, key: next.key)
        var isExchanged = false
        do {
            guard DiskRoom.allows(file: Int(copy.bytes), at: root) else { throw RekeyError.noRoom(bytes: copy.bytes) }
            // First the file, whose lock says that the run lives; one that no row tells of is upkeep's.
            try copy.create()
            try directory.beginRekeying(of: account, to: next, slots: slots)
            try tell(.begun)
            try copy.copyAll { try tell(.copying(done: $0, of: $1)) }
            for _ in 1...Self.mostRounds where try copy.catchUp() > Self.fewPages {}
            try copy.sync()
            try tell(.copied)
            try exchange(old, copy, temporary, next, &isExchanged)
        } catch {
            // Without its old name the new file is the account's, whatever failed afterwards.
            if !isExchanged {
                for path in [temporary, target] { unlink(path) }
                try? directory.cancelRekeying(of: account, to: next.file)
            }
            throw error
        }
        for suffix in ["-wal", "-shm"] { unlink(old.file.path(in: root) + suffix) }
    }

    private func exchange(
        _ old: AccountFileKey, _ copy: RekeyedCopy, _ temporary: String, _ next: AccountFileKey,
        _ isExchanged: inout Bool
    ) throws {
        let path = old.file.path(in: root)
        let hold = try WriteHold(path: path, key: old.key)
        defer { hold.end() }
        try tell(.locked)
        _ = try copy.catchUp()
        try copy.finish()
        // Another may have taken a file for a leaving whose program stood still; it did so under this lock.
        guard try directory.pendingFile(of: account) == next.file else { throw RekeyError.superseded }
        try rename(temporary, to: next.file.path(in: root))
        // Nobody opens it before the old one is gone: closing it here ends nobody's locks.
        copy.close()
        try tell(.named)
        // Writers look at the name when they have the lock: from here on nobody writes to the old file.
        guard unlink(path) == 0 else { throw StoreError.unavailable("removing: \(String(cString: strerror(errno)))") }
        isExchanged = true
        try DiskSync.folder(root)
        try tell(.exchanged)
        guard try directory.endRekeying(of: account, to: next.file, by: actor) else {
            // The account was removed meanwhile, and its removal did not know of this file.
            try AccountFile.remove(path: next.file.path(in: root))
            throw RekeyError.superseded
        }
        try tell(.ended)
    }

    private func rename(_ temporary: String, to path: String) throws {
        guard Foundation.rename(temporary, path) == 0 else {
            throw StoreError.unavailable("renaming: \(String(cString: strerror(errno)))")
        }
        try DiskSync.folder(root)
    }
}
