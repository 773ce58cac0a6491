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

typealias TellStep = @Sendable (RekeyStep) throws -> Void

/// Runs `body` while `run` stands at `step`, then lets it go on and returns how it ended.
func holding(
    _ run: @escaping @Sendable (_ tell: @escaping TellStep) async throws -> Void, at step: RekeyStep,
    _ body: () async throws -> Void
) async throws -> Result<Void, any Error> {
    let (reached, go) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let task = Task {
        // Also when it ends before.
        defer { reached.signal() }
        try await run { told in
            guard told == step else { return }
            reached.signal()
            go.wait()  // on the thread of the run, which is its own
        }
    }
    await withCheckedContinuation { (answer: CheckedContinuation<Void, Never>) in
        Thread.detachNewThread {
            reached.wait()
            answer.resume()
        }
    }
    let result: Result<Void, any Error>
    do { result = .success(try await body()) } catch { result = .failure(error) }
    go.signal()
    let ended = await task.result
    try result.get()
    return ended
}
