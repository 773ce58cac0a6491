// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import SealedSQLite

/// Backups that were opened with the recovery key, of which one is taken: the one that was named, else the newest that has
/// config.db and spool.db. An account whose file alone it lacks sets nobody else back: `RestoreAccount` finds an older one for it.
package final class RestoreSource {
    /// A newer backup that was not taken, and why.
    package struct PassedOver: Sendable, Codable, Equatable {
        package let backup: String
        package let why: String
    }

    /// The one that is taken.
    package private(set) var manifest: Manifest
    /// Newer ones that cannot be taken, the newest first. Empty as well when no other can.
    package private(set) var passedOver: [PassedOver] = []
    /// Which may be taken: all, the newest first, or the one that was named alone.
    let ids: [String]
    /// The newest of the store.
    package let master: SealedKey
    package let backupKeys: BackupKeys
    /// Open the slots of the backup, of whatever master key they are.
    let purposeKeys: PurposeKeys
    private let repository: Repository

    /// - Parameter backup: an id; `nil`: the newest that has the store, or without such the newest. Others can read the
    ///   repository meanwhile, none writes to it.
    package init(_ place: RepositoryPlace, _ key: RecoveryKey, backup: String?) throws {
        let masters: [SealedKey]
        (repository, backupKeys, masters) = try place.open(key)
        master = masters[0]
        purposeKeys = PurposeKeys(masters: masters)
        try repository.store.lock(alone: false)
        do {
            ids = try backup.map { [$0] } ?? repository.backups().reversed()
            (manifest, passedOver) = try Self.choose(of: ids, in: repository)
        } catch {
            repository.store.unlock()
            throw error
        }
    }

    private static func choose(
        of ids: [String], in repository: Repository
    ) throws -> (Manifest, passedOver: [PassedOver]) {
        var newest: Manifest?
        var unfit: [PassedOver] = []
        for id in ids {
            do {
                let manifest = try repository.manifest(id)
                if manifest.file("config.db") != nil, manifest.file("spool.db") != nil { return (manifest, unfit) }
                newest = newest ?? manifest
                unfit.append(PassedOver(backup: id, why: "it lacks " + manifest.missing.joined(separator: "; ")))
            } catch BackupError.damaged(let what) where ids.count > 1 {
                unfit.append(PassedOver(backup: id, why: "\(what) is damaged"))
            }
        }
        guard let newest else {
            throw unfit.isEmpty ? BackupError.noBackups : BackupError.damaged("every manifest of a backup")
        }
        return (newest, unfit.prefix { $0.backup != newest.id })
    }

    /// Takes another of `ids`. Throws `BackupError.damaged`.
    func take(_ id: String) throws { if id != manifest.id { manifest = try repository.manifest(id) } }

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
