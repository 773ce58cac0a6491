// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import MailStore

/// Which files a backup of a store has. Names are below the data folder.
struct StoreContents {
    static let configuration = ["config.slot", "config.db"]
    static let spool = ["spool.slot", "spool.db"]
    static let settingsFolder = "settings"
    /// Longest file of settings, in bytes.
    static let settingsBytes = 16 << 20
    static let mostSettings = 1000

    let data: String

    func path(_ name: String) -> String { data + "/" + name }

    /// The files of accounts that are there now, those of sealed arrivals first: what is filed between the two copies is in
    /// both then, and known by its id. The other way round it would be in neither.
    func accounts() -> [String] {
        let names = PlainFile.names(in: path("accounts"))
        return (names.filter(Self.isArrivals) + names.filter(Self.isAccount)).map { "accounts/" + $0 }
    }

    /// Everything in the folder of accounts that is of the store.
    func accountsFolder() -> [String] { Self.ours(in: path("accounts")).map { "accounts/" + $0 } }

    static func ours(in folder: String) -> [String] {
        PlainFile.names(in: folder).filter { name in
            let restored = AccountFile.restoredSuffix
            return isArrivals(name) || isAccount(name.hasSuffix(restored) ? name.dropLast(restored.count) : name[...])
        }
    }

    private static func isAccount(_ name: some StringProtocol) -> Bool { isNamed(name, with: ".db") }

    private static func isArrivals(_ name: some StringProtocol) -> Bool { isNamed(name, with: ArrivalsFile.suffix) }

    private static func isNamed(_ name: some StringProtocol, with suffix: String) -> Bool {
        name.hasSuffix(suffix) && AccountFileName(name.dropLast(suffix.count)) != nil
    }

    /// What is live now, with logs, in bytes.
    func bytes() -> Int64 {
        (["config.db", "spool.db"] + accounts()).reduce(0) {
            $0 + PlainFile.size(path($1)) + PlainFile.size(path($1) + "-wal")
        }
    }

    /// Files of settings: those that are named, and all below the folders that are. As (name in the backup, path).
    static func settings(_ paths: [String]) throws -> [(name: String, path: String)] {
        var found: [(String, String)] = []
        for given in paths {
            let path = URL(fileURLWithPath: given).standardizedFileURL.path
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw BackupError.refused("there is no \(path), which was to be backed up")
            }
            let below =
                isFolder.boolValue
                ? FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? [] : []
            let files = isFolder.boolValue ? below.sorted().map { path + "/" + $0 } : [path]
            for file in files {
                var status = stat()
                guard stat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
                found.append((settingsFolder + file, file))
            }
        }
        guard found.count <= mostSettings else {
            throw BackupError.refused("\(found.count) files of settings are more than \(mostSettings)")
        }
        return found
    }
}
