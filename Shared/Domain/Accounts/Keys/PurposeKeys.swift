// SPDX-License-Identifier: Apache-2.0
import Foundation
import SealedSQLite
import Synchronization

/// What a key is for. Each service holds only those that it needs; the master key is with none.
package enum KeyPurpose: String, CaseIterable, Sendable, Codable {
    /// Opens config.db.
    case configuration
    /// Opens spool.db.
    case spool
    /// Opens the files of accounts.
    case accounts
    /// Opens DKIM keys.
    case signing

    /// Name in the folder of MAILKEEP_KEYS.
    package var fileName: String { rawValue + ".key" }
    /// Beside it while the master key is rotated: the key that comes after, which opens slots already.
    var nextFileName: String { rawValue + ".next.key" }
}

/// The purpose keys that this process was given.
///
/// A rotation of the master key changes the files in the folder and wraps every slot anew while services run. A slot that
/// no key here opens has the folder read anew, when a file in it is another than the one that was read: so nobody has to
/// be told, and a damaged slot costs a look at the folder, no more.
package struct PurposeKeys: Sendable {
    private let source: Source

    /// Those among `purposes` that are in the folder; none is an error only when it is asked for. A file that is there
    /// and is not right (form, mode) is an error at once.
    package init(folder: String, only purposes: Set<KeyPurpose> = Set(KeyPurpose.allCases)) throws(KeyError) {
        source = try Source(folder: folder, purposes: purposes)
    }

    /// Derives all of them: HKDF-SHA256 (RFC 5869) without salt, `info` = "mailkeep/1/<purpose>", 32 bytes.
    package init(master: SealedKey) { self.init(masters: [master]) }

    /// Those of several master keys: wraps by the first's, opens by any.
    package init(masters: [SealedKey]) {
        precondition(!masters.isEmpty)
        var keys: [KeyPurpose: [SealedKey]] = [:]
        for purpose in KeyPurpose.allCases {
            keys[purpose] = masters.map { $0.derivedKey(info: "mailkeep/1/\(purpose.rawValue)") }
        }
        source = Source(keys)
    }

    /// The key to wrap by.
    package func key(_ purpose: KeyPurpose) throws(KeyError) -> SealedKey {
        guard let key = source.keys(purpose).first else { throw .notLoaded(purpose) }
        return key
    }

    /// The key to wrap by, of which `mark` tells (`SealedKey.mark`). Throws `KeyError.rotated` when it is not here.
    func key(_ purpose: KeyPurpose, marked mark: String) throws(KeyError) -> SealedKey {
        let keys = try all(purpose)
        if let key = keys.first(where: { $0.mark == mark }) { return key }
        if let key = source.newer(than: keys, purpose).first(where: { $0.mark == mark }) { return key }
        throw .rotated(purpose)
    }

    /// Every key that may open a slot, the one to wrap by first.
    func all(_ purpose: KeyPurpose) throws(KeyError) -> [SealedKey] {
        let keys = source.keys(purpose)
        guard !keys.isEmpty else { throw .notLoaded(purpose) }
        return keys
    }

    /// When none of `tried` fits: the keys that have come meanwhile, if any.
    func newer(than tried: [SealedKey], _ purpose: KeyPurpose) -> [SealedKey] { source.newer(than: tried, purpose) }

    package func contains(_ purpose: KeyPurpose) -> Bool { !source.keys(purpose).isEmpty }

    /// Writes each into the folder. A file that is there with the same key is left; with another, `.different`.
    package func write(to folder: String) throws(KeyError) {
        for purpose in KeyPurpose.allCases {
            if let key = source.keys(purpose).first {
                try KeyFile.write(key, to: folder + "/" + purpose.fileName)
            }
        }
    }
}

/// Keys, and where they came from.
private final class Source: Sendable {
    private let folder: String?
    private let purposes: Set<KeyPurpose>
    private let loaded: Mutex<Loaded>

    private struct Loaded {
        var keys: [KeyPurpose: [SealedKey]] = [:]
        /// Which files they were read from.
        var files: [FileStamp?] = []
    }

    init(_ keys: [KeyPurpose: [SealedKey]]) {
        (folder, purposes) = (nil, [])
        loaded = Mutex(Loaded(keys: keys))
    }

    init(folder: String, purposes: Set<KeyPurpose>) throws(KeyError) {
        self.folder = folder
        self.purposes = purposes
        loaded = Mutex(try Self.load(folder, purposes))
    }

    func keys(_ purpose: KeyPurpose) -> [SealedKey] { loaded.withLock { $0.keys[purpose] ?? [] } }

    /// Reads the folder when it has other files than before. Of what was held before, the key that came first stays as the
    /// last choice: for a slot that was read just before it was wrapped anew.
    func newer(than tried: [SealedKey], _ purpose: KeyPurpose) -> [SealedKey] {
        loaded.withLock { loaded in
            if let folder, Self.stamps(folder, purposes) != loaded.files,
                let new = try? Self.load(folder, purposes)
            {
                let before = loaded.keys
                loaded = new
                for (purpose, keys) in before {
                    if let key = keys.first, loaded.keys[purpose]?.contains(key) != true {
                        loaded.keys[purpose, default: []].append(key)
                    }
                }
            }
            let keys = loaded.keys[purpose] ?? []
            return keys == tried ? [] : keys
        }
    }

    /// The next key is looked for first: it becomes the present one by a rename, so one of the two looks finds it.
    private static func load(_ folder: String, _ purposes: Set<KeyPurpose>) throws(KeyError) -> Loaded {
        var loaded = Loaded(files: stamps(folder, purposes))
        for purpose in purposes {
            let next = try KeyFile.readIfPresent(folder + "/" + purpose.nextFileName)
            guard let present = try KeyFile.readIfPresent(folder + "/" + purpose.fileName) else { continue }
            loaded.keys[purpose] = [present]
            if let next, next != present { loaded.keys[purpose]?.append(next) }
        }
        return loaded
    }

    private static func stamps(_ folder: String, _ purposes: Set<KeyPurpose>) -> [FileStamp?] {
        purposes.sorted { $0.rawValue < $1.rawValue }.flatMap {
            [FileStamp(folder + "/" + $0.nextFileName), FileStamp(folder + "/" + $0.fileName)]
        }
    }
}

/// Tells whether a file is another than before.
private struct FileStamp: Equatable {
    private let inode: UInt64
    private let seconds, nanoseconds: Int

    /// `nil`: there is none.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        inode = UInt64(status.st_ino)
        (seconds, nanoseconds) = (status.st_ctim.tv_sec, status.st_ctim.tv_nsec)
    }
}

extension SealedKey {
    /// Tells a purpose key from others and nothing about it: 64 hex digits of HKDF-SHA256, `info` = "mailkeep/1/mark".
    var mark: String { derivedKey(info: "mailkeep/1/mark").hex }
}
