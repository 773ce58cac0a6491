// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import MailStore
import SealedSQLite
import Testing

@testable import BackupEngine

/// Anna with a zero-access account: what waits for her, what her secrets open, and how she comes back.
extension World {
    /// Anna, protected, with one message, backed up; then with another.
    static func protected() async throws -> (World, RecoveryKey) {
        let world = try await World()
        try await world.deliver(["before"], to: World.anna)
        let recovery = try await world.open(World.anna) { _, directory in
            try await directory.protect(
                World.anna, password: Self.password, filesIn: world.data + "/accounts", by: "test")
        }
        try world.backUp()
        _ = try await world.open(World.anna) { store, directory in
            let hold = try await directory.hold(World.anna, with: .password(Self.password))
            defer { hold.release() }
            return try await store.deliver(Array("Subject: after\r\n\r\n".utf8))
        }
        return (world, recovery)
    }

    /// What waits sealed for a zero-access account, and its store, which nobody holds yet.
    func arrivals<T: Sendable>(
        of address: String = World.anna, _ body: @Sendable (Arrivals, AccountStore, Directory) async throws -> T
    ) async throws -> T {
        let directory = try Directory(dataFolder: data, keys: keys)
        defer { try? directory.close() }
        return try await AccountDirectory(
            root: data + "/accounts", limit: 2, arrivals: { try await directory.arrivals(of: $0) },
            keys: { try directory.fileKey(of: $0) }
        ).closing { files in
            let id = try await directory.account(address).id
            let found = try #require(try await files.arrivals(of: id))
            return try await body(found, files.store(for: id), directory)
        }
    }

    /// A second apart.
    func deliverSealed(_ subjects: [String], to address: String = World.anna, from seconds: Int64 = 1) async throws {
        try await arrivals(of: address) { arrivals, _, _ in
            for (index, subject) in subjects.enumerated() {
                try await arrivals.deliver(
                    Array("Subject: \(subject)\r\n\r\n".utf8),
                    internalDate: InternalDate(seconds: seconds + Int64(index), zoneMinutes: 0))
            }
        }
    }

    /// As a login does.
    func fileSealed(of address: String = World.anna) async throws -> Filed {
        try await arrivals(of: address) { arrivals, store, directory in
            let hold = try await directory.hold(address, with: .password(Self.password))
            defer { hold.release() }
            return try await store.file(arrivals, with: directory.arrivalKey(of: store.account))
        }
    }

    func restore(
        _ owner: OwnerSecret?, as address: String? = nil, backup: String? = nil
    ) async throws -> RestoreAccount.Report {
        var restore = RestoreAccount(data: data, address: World.anna, newAddress: address, actor: "test")
        restore.owner = owner
        return try await restore.run(source(backup), keys: keys)
    }

    func count(_ owner: OwnerSecret, of address: String = World.anna) async throws -> Int {
        try await open(address) { store, directory in
            let hold = try await directory.hold(address, with: owner)
            defer { hold.release() }
            return try await store.select(.inbox).exists
        }
    }

    func appPassword() async throws -> AppPassword {
        try await open(World.anna) { _, directory in
            try await directory.addAppPassword(
                of: World.anna, label: "telephone", owner: .password(Self.password), by: "test")
        }
    }

    func remove() async throws {
        try await open(World.bert) { _, directory in
            try await directory.removeAccount(World.anna, filesIn: data + "/accounts", by: "test")
        }
    }

    func uidNext() async throws -> UInt32 {
        try await arrivals { _, store, directory in
            let hold = try await directory.hold(World.anna, with: .password(Self.password))
            defer { hold.release() }
            return try await store.select(.inbox).state.uidNext
        }
    }

    /// Subject and date of each message in INBOX, in the order of their UIDs.
    func filed() async throws -> [String] {
        try await arrivals { _, store, directory in
            let hold = try await directory.hold(World.anna, with: .password(Self.password))
            defer { hold.release() }
            let inbox = try await store.select(.inbox)
            var lines: [String] = []
            for message in try await store.metadata(of: .all, in: inbox.id) {
                let text = String(decoding: try await store.readAll(message.body), as: UTF8.self)
                lines.append("\(text.dropFirst(9).prefix { $0 != "\r\n" }) \(message.internalDate.seconds)")
            }
            return lines
        }
    }
}
