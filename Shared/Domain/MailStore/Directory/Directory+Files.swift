// SPDX-License-Identifier: Apache-2.0
import Accounts

/// Accounts together with their files, for who adds and removes them: `mailkeep` and the administration pages.
extension Directory {
    /// Adds the account with its file in `root` (`<data>/accounts`); neither is there when it fails.
    @discardableResult
    package func addAccount(
        _ address: String, displayName: String, isAdministrator: Bool, password: SecretBytes, filesIn root: String,
        by actor: String
    ) async throws -> AccountRecord {
        try await addAccount(
            address, displayName: displayName, isAdministrator: isAdministrator, password: password, by: actor,
            makeFile: { id, key in
                let files = AccountDirectory(root: root, limit: 1, keys: { _ in key })
                try await files.create(id)
                await files.close()
            }, removeFile: { try await Self.removeFile(of: $0, in: root) })
    }

    /// Removes the account, its key and its file. Throws `AccountFileLeft` when only the file could not be deleted: its
    /// key is gone by then.
    package func removeAccount(_ address: String, filesIn root: String, by actor: String) async throws {
        let account = try await removeAccount(address, by: actor)
        do { try await Self.removeFile(of: account.id, in: root) } catch {
            throw AccountFileLeft(address: account.address, path: "\(root)/\(account.id).db", why: "\(error)")
        }
    }

    /// Makes the account a zero-access one, with the file for its sealed arrivals in `root`. Returns the recovery key, to
    /// be shown once. Throws as `Directory.protect`.
    package func protect(
        _ address: String, password: SecretBytes, filesIn root: String, by actor: String,
        keeping session: WebSessionToken? = nil
    ) async throws -> RecoveryKey {
        try await protect(address, password: password, by: actor, keeping: session) { place in
            let files = AccountDirectory(root: root, limit: 1, keys: { _ in throw KeyError.notLoaded(.accounts) })
            try await files.createArrivals(place)
            await files.close()
        }
    }

    /// Needs no key.
    private static func removeFile(of account: AccountID, in root: String) async throws {
        let files = AccountDirectory(root: root, limit: 1, keys: { _ in throw KeyError.notLoaded(.accounts) })
        try await files.remove(account)
        await files.close()
    }
}

/// The account is removed and nothing opens its file any more, but the file is still there.
package struct AccountFileLeft: Error, CustomStringConvertible {
    let address: String
    let path: String
    let why: String

    package var description: String {
        "\(address) is removed and its key is gone, but its file is still there (\(why)); delete it: rm \(path)*"
    }
}
