// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import SealedSQLite

/// config.db: accounts come and go, passwords change, the master key is rotated.
final class ConfigurationDay: Day {
    static let name = "config"
    /// Each run costs some Argon2id.
    static let sample = 8
    private static let master = SealedKey.random()
    private static let next = SealedKey.random()

    /// Each change is one transaction with its line in the audit log.
    struct State: Equatable {
        let accounts: [String]
        let aliases: [String]
        let audit: [String]
        /// Keys that can be had: of accounts' files, and for DKIM.
        let keys: Int
    }

    private let folder: String
    private var opened: Directory?

    static func makeTemplate(in folder: String) async throws {
        let keys = PurposeKeys(master: master)
        try FileManager.default.createDirectory(atPath: folder + "/keys", withIntermediateDirectories: true)
        try keys.write(to: folder + "/keys")
        let directory = try Directory.create(dataFolder: folder, keys: keys)
        try await directory.addDomain("example.org", by: "test")
        try directory.close()
    }

    init(in folder: String) { self.folder = folder }

    private func directory() throws -> Directory {
        let directory = try opened ?? Directory(dataFolder: folder, keys: PurposeKeys(folder: folder + "/keys"))
        opened = directory
        return directory
    }

    func state() async throws -> State {
        let directory = try directory()
        let accounts = try await directory.accounts()
        for account in accounts { _ = try directory.fileKey(of: account.id) }
        return State(
            accounts: accounts.map {
                "\($0.address) \($0.isDisabled) \($0.isAdministrator) \($0.limit.map(String.init) ?? "")"
            },
            aliases: try await directory.aliases().map { "\($0.address) \($0.targets)" },
            audit: try await directory.audit().map { "\($0.action) \($0.subject)" },
            keys: accounts.count + (try await directory.signingKeys(domain: "example.org").count))
    }

    func problems() async throws -> [String] { try await directory().integrityProblems() }
    func goOn() async throws { try await directory().setQuota(domain: "example.org", to: 5_000, by: "test") }

    func close() async {
        try? opened?.close()
        opened = nil
    }

    static func summary(_ state: State) -> String {
        "\(state.accounts) \(state.aliases) \(state.audit) \(state.keys) keys"
    }

    private static func add(_ name: String, opens: Bool = false) -> FaultStep<ConfigurationDay> {
        FaultStep(name: "add \(name)", opens: opens) {
            try await $0.directory().addAccount(
                name + "@example.org", password: SecretBytes("correct horse".utf8), by: "test",
                makeFile: { _, _ in })
        }
    }

    static let steps = [
        FaultStep<ConfigurationDay>(name: "open", opens: true) { _ = try await $0.directory().auditCount() },
        add("anna"),
        FaultStep(name: "alias") {
            try await $0.directory().addAlias("info@example.org", to: ["anna@example.org"], by: "test")
        },
        FaultStep(name: "password") {
            try await $0.directory().setPassword(
                of: "anna@example.org", to: SecretBytes("another horse".utf8), by: "test")
        },
        FaultStep(name: "quota") {
            try await $0.directory().setQuota(of: "anna@example.org", to: .bytes(1 << 30), by: "test")
        },
        FaultStep(name: "rotate the master key", opens: true) { day in
            _ = try await MasterRotation(
                data: day.folder, folders: [day.folder + "/keys"], from: master, to: next
            ).run(by: "test")
        },
        FaultStep(name: "disable") { try await $0.directory().setDisabled("anna@example.org", true, by: "test") },
        FaultStep(name: "start anew") { await $0.close() },
        add("bert", opens: true),
        FaultStep(name: "remove") { _ = try await $0.directory().removeAccount("anna@example.org", by: "test") },
    ]
}
