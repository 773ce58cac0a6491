// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import MailStore
import SealedSQLite
import Testing

@testable import BackupEngine

/// The files of an account that is brought back: what becomes of them when adding it fails.
struct RestorePlaceTests {
    /// Anna is removed, and a file that is to be hers is built.
    private struct Place {
        let world: World
        let live: Directory
        let folders: RestoreFolders
        let export: AccountExport
        let file = AccountFileKey(file: .random(), key: .random())

        init() async throws {
            world = try await World()
            live = try Directory(dataFolder: world.data, keys: world.keys)
            export = try await live.export(World.anna)
            try await live.removeAccount(World.anna, filesIn: world.data + "/accounts", by: "test")
            folders = try RestoreFolders(data: world.data)
            try folders.prepare()
            let path = file.file.path(in: folders.accounts)
            try SealedDatabase.create(path: path, key: file.key, migrations: AccountFile.migrations)
            try AccountFile.noteRestored(path: path)
        }

        func place(_ body: () async throws -> Void) async throws {
            let name = "\(file.file).db"
            try await folders.place([name + AccountFile.restoredSuffix, name], for: live, body)
        }

        func add() async throws {
            try await live.add(
                export, as: World.anna, id: export.account.id, file: .byAccountsKey(file), by: "test")
        }

        func names() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: world.data + "/accounts")
                .filter { $0.hasPrefix(file.file.description) }.sorted()
        }

        var both: [String] { ["\(file.file).db", "\(file.file).db" + AccountFile.restoredSuffix] }
    }

    private static let refused = DirectoryError.addressTaken(World.anna)
    /// As of a disk that failed while it told of the commit.
    private static let uncertain = StoreError.unavailable("disk I/O error")

    @Test(arguments: [refused, uncertain] as [any Error])
    func anAccountThatIsThereKeepsItsFiles(error: any Error) async throws {
        let place = try await Place()
        await #expect(throws: (any Error).self) {
            try await place.place {
                try await place.add()
                throw error
            }
        }
        #expect(try place.names() == place.both)
        #expect(try await place.world.inbox(of: World.anna).texts.isEmpty)
    }

    @Test func whatWasRefusedLeavesNothing() async throws {
        let place = try await Place()
        await #expect(throws: Self.refused) { try await place.place { throw Self.refused } }
        #expect(try place.names() == [])
    }

    /// The transaction may be there once the log is read again. The next restore puts aside what is nobody's.
    @Test func whatIsNotCertainStays() async throws {
        let place = try await Place()
        await #expect(throws: Self.uncertain) { try await place.place { throw Self.uncertain } }
        #expect(try place.names() == place.both)
    }

    @Test func whatCannotBeAskedStays() async throws {
        let place = try await Place()
        await #expect(throws: Self.refused) {
            try await place.place {
                try place.live.close()
                throw Self.refused
            }
        }
        #expect(try place.names() == place.both)
    }
}
