// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import SealedSQLite
import TestSupport

@testable import MailStore

/// anna@example.org in a data folder of its own, gone with the object, with the key files by which other processes use it too.
final class RekeyedAccount: Sendable {
    static let address = "anna@example.org"
    static let password = "correct horse"

    let folder: TemporaryFolder
    let directory: Directory
    let account: AccountID
    let files: AccountDirectory
    var root: String { folder.file("accounts") }
    var keys: String { folder.file("keys") }

    init() async throws {
        folder = try TemporaryFolder()
        let keys = PurposeKeys(master: .random())
        try FileManager.default.createDirectory(atPath: folder.file("keys"), withIntermediateDirectories: true)
        try keys.write(to: folder.file("keys"))
        let directory = try Directory.create(dataFolder: folder.path, keys: keys)
        self.directory = directory
        try await directory.addDomain("example.org", by: "test")
        account = try await directory.addAccount(
            Self.address, displayName: "", isAdministrator: false, password: SecretBytes(Self.password.utf8),
            filesIn: folder.file("accounts"), by: "test"
        ).id
        files = AccountDirectory(
            root: folder.file("accounts"), limit: 2, arrivals: { try await directory.arrivals(of: $0) },
            keys: { try directory.fileKey(of: $0) })
    }

    /// Main files in the folder, half made ones included.
    func mainFiles() throws -> Set<String> {
        let names = try FileManager.default.contentsOfDirectory(atPath: root)
        return Set(
            names.filter { name in
                // An empty file, of a run that was killed before a row told of it, is upkeep's (`removeLeavings`).
                let isUnknown =
                    name.hasSuffix(".new") && FileManager.default.contents(atPath: root + "/" + name)?.isEmpty == true
                return !isUnknown && !name.hasSuffix("-wal") && !name.hasSuffix("-shm")
            })
    }
}

extension DispatchSemaphore {
    /// Waits on a thread of its own.
    func passed() async {
        await withCheckedContinuation { (answer: CheckedContinuation<Void, Never>) in
            Thread.detachNewThread {
                self.wait()
                answer.resume()
            }
        }
    }
}
