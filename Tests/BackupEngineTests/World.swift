// SPDX-License-Identifier: Apache-2.0
import Accounts
import CalendarStore
import Foundation
import MailStore
import OutgoingQueue
import SealedSQLite
import TestSupport
import Testing

@testable import BackupEngine

/// A store with two accounts, and a place for its backups.
struct World {
    let folder: TemporaryFolder
    let master = SealedKey.random()
    let backupKeys: BackupKeys
    let recovery: RecoveryKey

    var data: String { folder.file("data") }
    var keysFolder: String { folder.file("keys") }
    var keys: PurposeKeys { PurposeKeys(master: master) }
    var place: RepositoryPlace { get throws { try RepositoryPlace(folder.file("backups")) } }

    static let anna = "anna@example.org"
    static let bert = "bert@example.org"
    static let password = SecretBytes("long enough".utf8)

    init() async throws {
        folder = try TemporaryFolder()
        (backupKeys, recovery) = try BackupKeys.make(master: master)
        for name in [data, data + "/accounts", keysFolder] {
            try FileManager.default.createDirectory(atPath: name, withIntermediateDirectories: true)
        }
        try keys.write(to: keysFolder)
        let directory = try Directory.create(dataFolder: data, keys: keys)
        try StoreFile.spool.create(in: data, keys: keys, migrations: OutgoingQueue.migrations)
        try await directory.addDomain("example.org", by: "test")
        for address in [Self.anna, Self.bert] { try await addAccount(address, directory) }
        try directory.close()
    }

    func addAccount(_ address: String, _ directory: Directory) async throws {
        let root = data + "/accounts"
        try await directory.addAccount(
            address, password: Self.password, by: "test",
            makeFile: { id, key in
                _ = try await AccountDirectory(root: root, limit: 1) { _ in key }.closing { try await $0.create(id) }
            })
    }

    /// The account of an address with its store, in a store that opens with these keys.
    func open<T: Sendable>(
        _ address: String, in data: String? = nil, keys: PurposeKeys? = nil,
        _ body: @Sendable (AccountStore, Directory) async throws -> T
    ) async throws -> T {
        let data = data ?? self.data
        let directory = try Directory(dataFolder: data, keys: keys ?? self.keys)
        defer { try? directory.close() }
        return try await AccountDirectory(root: data + "/accounts", limit: 2) { try directory.fileKey(of: $0) }
            .closing { files in try await body(files.store(for: directory.account(address).id), directory) }
    }

    func deliver(_ subjects: [String], to address: String) async throws {
        try await open(address) { store, _ in
            for subject in subjects {
                let bytes = Array("From: a@b\r\nSubject: \(subject)\r\n\r\nText of \(subject)\r\n".utf8)
                _ = try await store.deliver(bytes)
            }
        }
    }

    /// Texts of INBOX by UID, and its state.
    func inbox(
        of address: String, in data: String? = nil, keys: PurposeKeys? = nil
    ) async throws -> (texts: [UInt32: String], state: MailboxState) {
        try await open(address, in: data, keys: keys) { store, _ in
            let inbox = try await store.select(.inbox)
            var texts: [UInt32: String] = [:]
            for message in try await store.metadata(of: .all, in: inbox.id) {
                texts[message.uid] = String(decoding: try await store.readAll(message.body), as: UTF8.self)
            }
            return (texts, inbox.state)
        }
    }

    @discardableResult
    func backUp(
        to other: RepositoryPlace? = nil, keeping retention: Retention? = nil, now: Date = Date()
    ) throws -> Manifest {
        try BackupRun(data: data, place: other ?? place, keys: backupKeys, retention: retention, release: "test")
            .run(now: now)
    }

    func source(_ backup: String? = nil) throws -> RestoreSource { try RestoreSource(place, recovery, backup: backup) }
}
