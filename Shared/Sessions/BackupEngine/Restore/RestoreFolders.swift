// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import MailStore
import SealedSQLite

/// How files of a backup come into a store: built beside the live ones, checked, and moved into place once all are there.
///
/// `restoring` folders (in the data folder and in `accounts`, which may be another file system) hold what is being built;
/// a run that died before `restore.pending` was written left the live files as they were, and its folders go. That file
/// is the decision: from then on the move is finished, by this run or the next.
struct RestoreFolders {
    static let name = "restoring"
    private static let lockName = "restore.lock"
    private static let pendingName = "restore.pending"
    private static let livingNames = ["config.db", "config.slot", "spool.db", "spool.slot"]
    private static let suffixes = ["-wal", "-shm", "-journal"]

    let data: String
    private let lock: LockFile

    /// What is to be moved; below the data folder.
    private struct Pending: Codable {
        var backup: String
        var files: [String]
        /// Folder name for what is replaced.
        var replaced: String?
    }

    var root: String { data + "/" + Self.name }
    var accounts: String { data + "/accounts/" + Self.name }

    /// One restore at a time works on a store. Throws `BackupError.inUse`.
    init(data: String) throws {
        self.data = data
        for folder in [data, data + "/accounts"] { try PlainFile.makeFolder(folder) }
        let lock: LockFile?
        let path = data + "/" + Self.lockName
        do { lock = try LockFile(path) } catch { throw BackupError.system("lock \(path)", errno: error.errno) }
        guard let lock else { throw BackupError.inUse(data) }
        self.lock = lock
    }

    /// Finishes the move of a run that died after its decision; returns the backup that it brought.
    func finishPending() throws -> String? {
        guard let bytes = try PlainFile.read(data + "/" + Self.pendingName, limit: 256 << 20) else { return nil }
        guard let pending = try? JSONDecoder().decode(Pending.self, from: Data(bytes)) else {
            throw BackupError.damaged(data + "/" + Self.pendingName)
        }
        try move(pending)
        return pending.backup
    }

    /// Empty folders to build in; what runs that died left half made goes.
    func prepare() throws {
        let replaced = ReplacedFiles.folder(in: data + "/accounts")
        for name in PlainFile.names(in: replaced) where name.contains(".new") { unlink(replaced + "/" + name) }
        for folder in [root, accounts] {
            try? FileManager.default.removeItem(atPath: folder)
            try PlainFile.makeFolder(folder)
        }
    }

    func removeBuilt() {
        for folder in [root, accounts] { try? FileManager.default.removeItem(atPath: folder) }
    }

    /// Files of a store that are there.
    func live() -> [String] {
        Self.livingNames.filter { access(data + "/" + $0, F_OK) == 0 } + StoreContents(data: data).accountsFolder()
    }

    /// Names of live files that some process has open.
    func inUse() -> [String] { live().filter { SealedDatabase.isOpenElsewhere(data + "/" + $0) } }

    /// Moves what was built into place. Files of the store that are not among the built go too, into a folder
    /// `replaced-<time>`; returns its name, `nil` when there was nothing to replace.
    func commit(backup: String) throws -> String? {
        let built =
            PlainFile.names(in: root).filter(Self.livingNames.contains)
            + StoreContents.ours(in: accounts).map { "accounts/" + $0 }
        for file in built { try prepareMove(newPath(file)) }
        for folder in [root, accounts] { try PlainFile.syncFolder(folder) }
        let stamp = Date().stamp
        let pending = Pending(backup: backup, files: built, replaced: live().isEmpty ? nil : "replaced-" + stamp)
        try PlainFile.write([UInt8](JSONEncoder().encode(pending)), to: data + "/" + Self.pendingName, mode: 0o660)
        try PlainFile.syncFolder(data)
        try move(pending)
        return pending.replaced
    }

    /// Moves files that were built in the folder of accounts into place, in that order, and runs `body`, which makes them an
    /// account's in `live`. When it is refused they go, unless `live` names them or cannot be asked. After any other error they
    /// stay: the transaction may be there, also only once the log is read again. What lies there before under such a name is no
    /// account's (a removal or a restore that was cut off left it), and is put aside.
    func place(_ files: [String], for live: Directory, _ body: () async throws -> Void) async throws {
        for file in files { try prepareMove(accounts + "/" + file) }
        let root = data + "/accounts/"
        let aside = ReplacedFiles(in: data + "/accounts")
        for file in files where access(root + file, F_OK) == 0 {
            let target = try aside.path(of: file)
            for suffix in Self.suffixes + [""] { try Self.move(root + file + suffix, to: target + suffix) }
        }
        do {
            for file in files {
                for suffix in Self.suffixes { unlink(root + file + suffix) }
                guard rename(accounts + "/" + file, root + file) == 0 else {
                    throw BackupError.system("move \(file)", errno: errno)
                }
            }
            try PlainFile.syncFolder(root)
            try await body()
        } catch {
            if error is DirectoryError || error is BackupError, let named = try? await live.namedFiles() {
                for file in files.reversed() where !Self.isNamed(file, in: named) {
                    for suffix in [""] + Self.suffixes { unlink(root + file + suffix) }
                }
            }
            throw error
        }
    }

    private static func isNamed(_ file: String, in named: Set<AccountFileName>) -> Bool {
        AccountFileName(file.prefix { $0 != "." }).map(named.contains) ?? true
    }

    /// A file that is whole by itself and on disk. Throws when it is still open somewhere.
    private func prepareMove(_ path: String) throws {
        guard Self.suffixes.allSatisfy({ PlainFile.size(path + $0) == 0 }) else {
            throw BackupError.refused("\(path) was not closed")
        }
        try DiskSync.file(path)
    }

    private static func move(_ path: String, to target: String) throws {
        guard rename(path, target) == 0 || errno == ENOENT else {
            throw BackupError.system("move \(path)", errno: errno)
        }
    }

    private func newPath(_ file: String) -> String {
        let parts = file.split(separator: "/")
        return parts.count == 2 ? "\(accounts)/\(parts[1])" : "\(root)/\(file)"
    }

    /// May be called again at any point of itself.
    private func move(_ pending: Pending) throws {
        if let replaced = pending.replaced {
            let targets = [data + "/" + replaced, data + "/accounts/" + replaced]
            for target in targets { try PlainFile.makeFolder(target) }
            // What is not built (any more: it is in place) is not old.
            let old = live().filter { !pending.files.contains($0) || access(newPath($0), F_OK) == 0 }
            for file in old {
                let name = file.split(separator: "/").last.map(String.init) ?? file
                let target = targets[file.hasPrefix("accounts/") ? 1 : 0] + "/" + name
                // The log first: without its file it is of no account, and the file is whole in the backup.
                for suffix in Self.suffixes + [""] { try Self.move(data + "/" + file + suffix, to: target + suffix) }
            }
            for target in targets { try PlainFile.syncFolder(target) }
        }
        // config.db is last: with it the store is there.
        for file in pending.files.sorted(by: { ($0 == "config.db" ? 1 : 0) < ($1 == "config.db" ? 1 : 0) }) {
            for suffix in Self.suffixes { unlink(data + "/" + file + suffix) }
            guard rename(newPath(file), data + "/" + file) == 0 || errno == ENOENT else {
                throw BackupError.system("move \(file)", errno: errno)
            }
        }
        for folder in [data + "/accounts", data] { try PlainFile.syncFolder(folder) }
        unlink(data + "/" + Self.pendingName)
        try PlainFile.syncFolder(data)
        removeBuilt()
    }
}
