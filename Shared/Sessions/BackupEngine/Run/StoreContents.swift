// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation

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

    /// The files of accounts that are there now.
    func accounts() -> [String] {
        PlainFile.names(in: path("accounts")).filter(Self.isAccount).map { "accounts/" + $0 }
    }

    static func isAccount(_ name: some StringProtocol) -> Bool {
        name.hasSuffix(".db") && AccountID(name.dropLast(3)) != nil
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
