// SPDX-License-Identifier: Apache-2.0
import Foundation
import MailFormat
import SealedSQLite
import TestSupport

@testable import Accounts

/// A directory in a folder of its own, gone with the object.
final class Fixture: Sendable {
    let folder: TemporaryFolder
    let keys = PurposeKeys(master: .random())
    let directory: Directory

    init() throws {
        folder = try TemporaryFolder()
        directory = try Directory.create(dataFolder: folder.path, keys: keys)
    }

    deinit { try? directory.close() }

    /// The same file as another process sees it.
    func again(_ keys: PurposeKeys? = nil) throws -> Directory {
        try Directory(dataFolder: folder.path, keys: keys ?? self.keys)
    }

    @discardableResult
    func add(_ address: String, administrator: Bool = false, password: String = "correct horse") async throws
        -> AccountID
    {
        try await directory.addAccount(
            address, isAdministrator: administrator, password: SecretBytes(password.utf8), by: "test",
            makeFile: { _, _ in }
        ).id
    }

    func resolve(_ address: String) async throws -> Resolution {
        try await directory.resolve(recipient: MailAddress(parsing: address)!)
    }

    /// Makes an account a zero-access one, without files.
    func protect(
        _ address: String, password: String = "correct horse"
    ) async throws -> (recovery: RecoveryKey, key: SealedKey) {
        try await directory.protectWithoutFiles(address, password: password)
    }
}

extension Directory {
    /// Those of its files that open here, with their keys.
    func fileKeys(of account: AccountID) throws -> [AccountFileKey] {
        try fileNames(of: account).compactMap { file in
            try key(of: file, in: account).map { AccountFileKey(file: file, key: $0) }
        }
    }

    /// As `MailStore` does it with the files.
    func protectWithoutFiles(
        _ address: String, password: String
    ) async throws -> (recovery: RecoveryKey, key: SealedKey) {
        let id = try await account(address).id
        let protection = try await prepareProtection(of: address, password: SecretBytes(password.utf8))
        let file = AccountFileKey(file: .random(), key: .random())
        try beginRekeying(of: id, to: file, slots: protection.slots)
        _ = try endRekeying(of: id, to: file.file, by: "test")
        try await endProtection(protection, keeping: nil, by: "test")
        return (protection.recovery, file.key)
    }
}
