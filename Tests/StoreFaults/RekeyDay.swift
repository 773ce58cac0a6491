// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import MailStore
import SealedSQLite

/// config.db and an account's file that gets new keys, and so new names, in between.
final class RekeyDay: Day {
    static let name = "rekey"
    static let sample = 12
    private static let keys = PurposeKeys(master: .random())
    private static let address = "anna@example.org"

    private let folder: String
    private var opened: (directory: Directory, files: AccountDirectory)?

    private var root: String { folder + "/accounts" }

    static func makeTemplate(in folder: String) async throws {
        let directory = try Directory.create(dataFolder: folder, keys: keys)
        try await directory.addDomain("example.org", by: "test")
        try await directory.addAccount(
            address, displayName: "", isAdministrator: false, password: SecretBytes("correct horse".utf8),
            filesIn: folder + "/accounts", by: "test")
        try directory.close()
    }

    init(in folder: String) { self.folder = folder }

    private func open() throws -> (directory: Directory, files: AccountDirectory) {
        if let opened { return opened }
        let directory = try Directory(dataFolder: folder, keys: Self.keys)
        let files = AccountDirectory(root: root, limit: 2) { try directory.fileKey(of: $0) }
        opened = (directory, files)
        return (directory, files)
    }

    private var store: AccountStore {
        get async throws {
            let (directory, files) = try open()
            return try await files.store(for: directory.account(Self.address).id)
        }
    }

    func state() async throws -> Contents { try await Contents(of: store) }
    static func summary(_ state: Contents) -> String { state.summary }

    func problems() async throws -> [String] {
        try await store.check(searchIndex: true).findings + open().directory.integrityProblems()
    }

    /// Also what the run that was cut off left goes.
    func goOn() async throws {
        try await rekey()
        _ = try await store.deliver(Workload.message("afterwards", bytes: 300))
        let account = try await store.account
        let file = try open().directory.fileKey(of: account).file
        let names = try FileManager.default.contentsOfDirectory(atPath: root).filter {
            !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm")
        }
        guard names == ["\(file).db"] else { throw Broken(description: "left in the folder: \(names)") }
    }

    /// As the command does it, beside a service.
    private func rekey() async throws {
        let directory = try Directory(dataFolder: folder, keys: Self.keys)
        defer { try? directory.close() }
        try await directory.rekey(directory.account(Self.address).id, filesIn: root, by: "test")
    }

    func close() async {
        await opened?.files.close()
        try? opened?.directory.close()
        opened = nil
    }

    private static func deliver(_ subject: String, bytes: Int = 500) -> FaultStep<RekeyDay> {
        FaultStep(name: "deliver \(subject)", opens: true) {
            _ = try await $0.store.deliver(Workload.message(subject, bytes: bytes), deliveryKey: subject)
        }
    }

    /// Each opens files, or the step after it does.
    static let steps = [
        FaultStep<RekeyDay>(name: "open", opens: true) { _ = try await $0.store.list() },
        deliver("one"),
        FaultStep(name: "rekey", opens: true) { try await $0.rekey() },
        deliver("two", bytes: 40_000),
        FaultStep(name: "rekey again", opens: true) { try await $0.rekey() },
        FaultStep(name: "start anew") { await $0.close() },
        FaultStep(name: "rekey what nobody has open", opens: true) { try await $0.rekey() },
        deliver("three"),
    ]
}
