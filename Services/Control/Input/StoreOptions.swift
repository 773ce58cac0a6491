// SPDX-License-Identifier: Apache-2.0
import Accounts
import ArgumentParser
import Foundation
import MailStore
import OutgoingQueue

/// Where the store and the keys are: options over environment.
struct StoreOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Folder of the store; otherwise MAILKEEP_DATA.", valueName: "folder"))
    var data: String?

    @Option(help: ArgumentHelp("Folder of the purpose keys; otherwise MAILKEEP_KEYS.", valueName: "folder"))
    var keys: String?

    func dataFolder() throws -> String { try folder(data, "MAILKEEP_DATA", "--data", "the store") }
    func keysFolder() throws -> String { try folder(keys, "MAILKEEP_KEYS", "--keys", "the purpose keys") }

    private func folder(_ option: String?, _ variable: String, _ name: String, _ what: String) throws -> String {
        guard let path = option ?? environment(variable), !path.isEmpty else {
            throw Failure("say where \(what) is: set \(variable) or give \(name)")
        }
        return URL(fileURLWithPath: path).standardizedFileURL.path
    }

    func purposeKeys(_ purposes: Set<KeyPurpose>) throws -> PurposeKeys {
        try PurposeKeys(folder: keysFolder(), only: purposes)
    }

    /// config.db, with the keys that the command needs beside `configuration`.
    func directory(_ purposes: Set<KeyPurpose> = []) throws -> Directory {
        let folder = try dataFolder()
        try present(.configuration, folder)
        return try Directory(dataFolder: folder, keys: purposeKeys(purposes.union([.configuration])))
    }

    func queue() throws -> OutgoingQueue {
        let folder = try dataFolder()
        try present(.spool, folder)
        return OutgoingQueue(
            database: try StoreFile.spool.open(
                in: folder, keys: purposeKeys([.spool]), migrations: OutgoingQueue.migrations))
    }

    private func present(_ file: StoreFile, _ folder: String) throws {
        guard file.exists(in: folder) else {
            throw Failure("there is no \(file.path(in: folder)); make the store with: mailkeep init")
        }
    }

    func accountsFolder() throws -> String { try dataFolder() + "/accounts" }
}

/// A variable that is set and not empty.
func environment(_ name: String) -> String? {
    ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
}

/// Who the audit log names.
var operatorName: String { "mailkeep, uid \(getuid())" }
