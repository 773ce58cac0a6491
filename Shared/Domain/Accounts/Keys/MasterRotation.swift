// SPDX-License-Identifier: Apache-2.0
import Foundation
import SealedSQLite

/// Puts a new master key in the place of the old, while services run. No file of the store is rewritten: the slots are.
///
/// Every step leaves a state in which each service opens everything, and a run that was cut off anywhere is finished by the next:
///
/// 1. the next keys are laid beside the present ones in every folder; from here on whoever looks there opens both;
/// 2. every slot is wrapped by the new keys: each a file that is renamed into place, those of config.db in one transaction;
/// 3. in every folder the next keys take the place of the present ones.
///
/// A service that runs holds the old keys until it meets a slot that they do not open; it then reads its folder
/// (`PurposeKeys`). Before step 1 everything is looked at, and nothing is changed when something does not fit.
package struct MasterRotation: Sendable {
    package enum Step: Sendable, Equatable {
        case nextKey(folder: String, KeyPurpose)
        case slot(file: String)
        /// The slots of config.db.
        case slots
        case presentKey(folder: String, KeyPurpose)
    }

    private static let lockName = "rotation.lock"

    private let data: String
    private let folders: [String]
    private let old: PurposeKeys
    private let new: PurposeKeys
    /// Opens what either wraps.
    private let both: PurposeKeys

    /// - Parameter folders: every folder of purpose keys that a service, or the operator's command, reads.
    package init(data: String, folders: [String], from old: SealedKey, to new: SealedKey) throws(RotationError) {
        guard old != new else { throw .sameKey }
        self.data = data
        self.folders = folders
        self.old = PurposeKeys(master: old)
        self.new = PurposeKeys(master: new)
        both = PurposeKeys(masters: [new, old])
    }

    /// Throws before anything is changed when a key in a folder, or a slot, comes from neither master key.
    package func check() async throws {
        for folder in folders {
            var isAny = false
            for purpose in KeyPurpose.allCases {
                let path = folder + "/" + purpose.fileName
                guard let present = try KeyFile.readIfPresent(path) else { continue }
                isAny = true
                guard try [old.key(purpose), new.key(purpose)].contains(present) else {
                    throw RotationError.foreignKey(path)
                }
                let next = folder + "/" + purpose.nextFileName
                if let key = try KeyFile.readIfPresent(next), try key != new.key(purpose) {
                    throw RotationError.otherRotation(next)
                }
            }
            guard isAny else { throw RotationError.noKeys(folder) }
        }
        for file in files { _ = try file.key(in: data, keys: both) }
        let directory = try Directory(dataFolder: data, keys: both)
        defer { try? directory.close() }
        try await directory.checkSlots()
    }

    /// Checks, then does it. One at a time works on a store.
    /// - Parameters:
    ///   - prepare: called after the check and before the first step.
    ///   - done: called after each step; what it throws cuts the run off there.
    /// Returns how many slots of config.db were wrapped anew.
    package func run(
        by actor: String, prepare: () throws -> Void = {}, done: (Step) throws -> Void = { _ in }
    ) async throws -> Int {
        let lock = try hold()
        defer { withExtendedLifetime(lock) {} }
        try await check()
        try prepare()
        for folder in folders {
            for purpose in KeyPurpose.allCases {
                let path = folder + "/" + purpose.fileName
                guard let present = try KeyFile.readIfPresent(path), try present != new.key(purpose) else { continue }
                try KeyFile.write(new.key(purpose), to: folder + "/" + purpose.nextFileName, like: path)
                try done(.nextKey(folder: folder, purpose))
            }
        }
        for file in files {
            try file.rewrap(in: data, from: both, to: new)
            try done(.slot(file: file.name))
        }
        let directory = try Directory(dataFolder: data, keys: both)
        defer { try? directory.close() }
        let count = try await directory.rewrap(to: new, by: actor)
        try done(.slots)
        for folder in folders {
            for purpose in KeyPurpose.allCases {
                let next = folder + "/" + purpose.nextFileName
                guard access(next, F_OK) == 0 else { continue }
                do { try NewFile.move(next, over: folder + "/" + purpose.fileName) } catch {
                    throw KeyError.system("rename \(next)", errno: error.errno)
                }
                try done(.presentKey(folder: folder, purpose))
            }
        }
        return count
    }

    private var files: [StoreFile] { [.configuration, .spool].filter { $0.exists(in: data) } }

    private func hold() throws -> LockFile {
        let lock: LockFile?
        let path = data + "/" + Self.lockName
        do { lock = try LockFile(path) } catch { throw KeyError.system("lock \(path)", errno: error.errno) }
        guard let lock else { throw RotationError.inUse(data) }
        return lock
    }
}

/// Why a rotation does not begin; nothing was changed then.
package enum RotationError: Error, Equatable, CustomStringConvertible {
    case sameKey
    /// Of neither master key.
    case foreignKey(String)
    /// A next key of a rotation to another master key.
    case otherRotation(String)
    case noKeys(String)
    case inUse(String)

    package var description: String {
        switch self {
        case .sameKey: "the new master key is the old one"
        case .foreignKey(let path):
            "\(path) comes from neither master key: is --master the key of this store, and the folder one of its own? Nothing was changed"
        case .otherRotation(let path):
            "\(path) is of a rotation to another master key, which was cut off: finish that first, with its file as --to. Nothing was changed"
        case .noKeys(let folder): "there are no purpose keys in \(folder); nothing was changed"
        case .inUse(let data): "another rotation works on \(data); wait until it has finished"
        }
    }
}
