// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import SealedSQLite

/// A backup that was opened with the recovery key.
package final class RestoreSource {
    package let manifest: Manifest
    /// The newest of the store.
    package let master: SealedKey
    package let backupKeys: BackupKeys
    /// Open the slots of the backup, of whatever master key they are.
    let purposeKeys: PurposeKeys
    private let repository: Repository

    /// - Parameter backup: an id; `nil`: the newest. Others can read the repository meanwhile, none writes to it.
    package init(_ place: RepositoryPlace, _ key: RecoveryKey, backup: String?) throws {
        let masters: [SealedKey]
        (repository, backupKeys, masters) = try place.open(key)
        master = masters[0]
        try repository.store.lock(alone: false)
        manifest = try repository.manifest(newestOr: backup)
        purposeKeys = PurposeKeys(masters: masters)
    }

    deinit { repository.store.unlock() }

    /// Writes a file of the backup to `path`, checked and on disk.
    /// - Parameter key: of a database, when it is known: pages that nobody ever wrote need it.
    func rebuild(_ file: Manifest.File, to path: String, key: SealedKey?, _ tell: (Int) throws -> Void) throws {
        let target = try NewFile(path, mode: mode_t(file.mode))
        var page: UInt32 = 1
        do {
            try repository.pieces(of: file) { piece in
                var piece = piece
                if let key { Self.fill(&piece, from: &page, key) }
                try target.write(piece.span.bytes)
                try tell(piece.count)
            }
        } catch BackupError.damaged(let what) where what != file.path {
            throw BackupError.damaged("\(file.path): \(what)")
        }
        try target.sync()
    }

    /// All our files have pages of this size.
    private static let pageSize = 4096

    private static func fill(_ piece: inout [UInt8], from page: inout UInt32, _ key: SealedKey) {
        for start in stride(from: 0, to: piece.count - pageSize + 1, by: pageSize) {
            // The nonce of a page that was written is not zero, but once in 2^128.
            if piece[(start + pageSize - 32)..<(start + pageSize)].allSatisfy({ $0 == 0 }) {
                piece.replaceSubrange(
                    start..<start + pageSize, with: PageCipher.emptyPage(number: page, size: pageSize, key: key))
            }
            page += 1
        }
    }

    /// The file of an account that is in the backup, and what the backup's configuration says opens it: the current one,
    /// else the one that took its place just then, else its predecessor. Nil: the backup has none.
    func file(of account: AccountID, in configuration: Directory) throws -> BackedUpAccount? {
        for name in try configuration.fileNames(of: account) {
            if let file = manifest.file("accounts/\(name).db") {
                return BackedUpAccount(file: file, name: name, key: try configuration.key(of: name, in: account))
            }
        }
        return nil
    }

    /// Rebuilds a purpose key's file with its slot in a folder.
    func rebuild(_ store: StoreFile, into folder: String, _ tell: (Int) throws -> Void) throws {
        guard let slot = manifest.file("\(store.name).slot"), let file = manifest.file("\(store.name).db") else {
            throw BackupError.refused("backup \(manifest.id) has no \(store.name).db")
        }
        try rebuild(slot, to: store.slotPath(in: folder), key: nil, tell)
        let key = try store.key(in: folder, keys: purposeKeys)
        try rebuild(file, to: store.path(in: folder), key: key, tell)
    }
}

/// An account's file in a backup.
struct BackedUpAccount {
    let file: Manifest.File
    let name: AccountFileName
    /// Nil: a zero-access account's, which only its owner opens.
    let key: SealedKey?
}
