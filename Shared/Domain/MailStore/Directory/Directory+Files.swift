// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation

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
            makeFile: { id, file in
                let files = AccountDirectory(root: root, limit: 1, keys: { _ in file })
                try await files.create(id)
                await files.close()
            }, removeFile: { try AccountFile.remove(path: AccountFileName($0).path(in: root)) })
    }

    /// Removes the account, its keys and its files. Throws `AccountFileLeft` when only a file could not be deleted: its key
    /// is gone by then.
    package func removeAccount(_ address: String, filesIn root: String, by actor: String) async throws {
        let (account, files) = try await removeAccount(address, by: actor)
        for path in files.flatMap({ [$0.path(in: root), ArrivalsFile.path(of: $0, in: root)] }) {
            do { try AccountFile.remove(path: path) } catch {
                throw AccountFileLeft(address: account.address, path: path, why: "\(error)")
            }
        }
    }

    /// Gives the account's file in `root` a new key, while it is in use: makes a copy under another key and name and puts it in
    /// its place. Sessions go on, writers wait for a moment; nothing that was acknowledged is lost, also when this is killed at
    /// any point: the account then has the old file or the new one, and the next call begins anew.
    ///
    /// - Parameters:
    ///   - known: the file and its key, when the directory cannot open its slot.
    ///   - slots: wrap the new key.
    ///   - tell: called between the steps, from the thread that works; what it throws ends the run, until the step `exchanged`.
    /// Throws `RekeyError`, `DirectoryError.noSuchAccount`, `KeyError`, `KeySlotError`, `SealedError`, `SnapshotError`.
    package func rekey(
        _ account: AccountID, known: AccountFileKey? = nil, slots: NextSlots = .byAccountsKey, filesIn root: String,
        by actor: String, tell: @escaping @Sendable (RekeyStep) throws -> Void = { _ in }
    ) async throws {
        let work = AccountRekeying(
            directory: self, account: account, root: root, slots: slots, actor: actor, tell: tell)
        try await withCheckedThrowingContinuation { (answer: CheckedContinuation<Void, any Error>) in
            // It blocks for as long as it takes to write the file.
            Thread.detachNewThread { answer.resume(with: Result { try work.run(known: known) }) }
        }
    }

    /// Clears away what runs of `rekey` left that were cut off before the exchange: a copy of the account that is of no use and takes
    /// its room. Those cut off after it are ended. One whose file does not open here is left for later: that of a zero-access account
    /// until its owner is there.
    package func clearCutRekeyings() async {
        for account in (try? await accountsWithPendingFile()) ?? [] {
            _ = await OpenFiles.onQueue { try self.clearCutRekeying(of: account, beside: self.fileKey(of: account)) }
        }
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
