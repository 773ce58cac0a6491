// SPDX-License-Identifier: Apache-2.0
import Accounts
import ArgumentParser
import Foundation
import OutgoingQueue
import SealedSQLite

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Makes the store: keys, config.db, spool.db. What is there already stays.",
        discussion: """
            With --master, the master key is made when the file is missing, and the purpose keys are derived from it into the
            folder of keys. Keep the master key away from the server: no service needs it, and with it everything can be
            read. Without --master, the purpose keys (configuration, spool) must be there.

            EXAMPLE
              mailkeep init --master /root/mailkeep-master.key
            """)

    @OptionGroup var store: StoreOptions

    @Option(help: ArgumentHelp("File of the master key.", valueName: "file"))
    var master: String?

    func run() async throws {
        let keysFolder = try store.keysFolder()
        if let master {
            try makeFolder(keysFolder, mode: 0o700)
            try Self.master(master, beside: keysFolder).write(to: keysFolder)
            print("purpose keys   \(keysFolder)")
        }
        let folder = try store.dataFolder()
        try makeFolder(folder, mode: 0o770)
        try makeFolder(folder + "/accounts", mode: 0o770)
        let keys = try store.purposeKeys([.configuration, .spool])
        if StoreFile.configuration.exists(in: folder) {
            _ = try Directory(dataFolder: folder, keys: keys)
            print("config.db      was there already, and opens")
        } else {
            try Directory.create(dataFolder: folder, keys: keys)
            print("config.db      made in \(folder)")
        }
        if StoreFile.spool.exists(in: folder) {
            _ = try store.queue()
            print("spool.db       was there already, and opens")
        } else {
            try StoreFile.spool.create(in: folder, keys: keys, migrations: OutgoingQueue.migrations)
            print("spool.db       made in \(folder)")
        }
    }

    private static func master(_ path: String, beside keysFolder: String) throws -> PurposeKeys {
        do { return PurposeKeys(master: try KeyFile.read(path)) } catch {
            guard case .noSuchFile = error else { throw error }
        }
        for purpose in KeyPurpose.allCases where access(keysFolder + "/" + purpose.fileName, F_OK) == 0 {
            throw Failure(
                "there is no master key \(path), but \(keysFolder) has keys already: give the master key that they came from, "
                    + "or leave out --master")
        }
        let key = SealedKey.random()
        try KeyFile.write(key, to: path)
        print("master key     \(path): keep it in a safe place away from this server")
        return PurposeKeys(master: key)
    }
}

func makeFolder(_ path: String, mode: Int) throws {
    guard access(path, F_OK) != 0 else { return }
    do {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: mode])
    } catch { throw Failure("making \(path): \(error.localizedDescription)") }
}
