// SPDX-License-Identifier: Apache-2.0
import Foundation
import SealedSQLite
import TestSupport
import Testing

@testable import Accounts

/// anna@example.org, a zero-access account with an app password; without files, where none are named.
struct World {
    static let anna = "anna@example.org"
    static let password = SecretBytes("correct horse".utf8)

    let fixture: Fixture
    let id: AccountID
    let key: SealedKey
    let recovery: RecoveryKey
    let app: AppPassword
    var directory: Directory { fixture.directory }

    init() async throws {
        fixture = try Fixture()
        try await fixture.directory.addDomain("example.org", by: "test")
        id = try await fixture.add(Self.anna)
        (recovery, key) = try await fixture.protect(Self.anna)
        app = try await fixture.directory.addAppPassword(
            of: Self.anna, label: "phone", owner: .password(Self.password), by: "test")
    }

    func logIn(_ password: String, to directory: Directory? = nil) async throws -> AccountIdentity? {
        try await (directory ?? self.directory).authenticate(login: Self.anna, password: SecretBytes(password.utf8))
    }

    // MARK: Another key for its file

    func begin() async throws -> AccountFileKey {
        let next = try await directory.prepareRekeying(of: Self.anna, password: Self.password)
        let file = AccountFileKey(file: .random(), key: .random())
        try directory.beginRekeying(of: id, to: file, slots: next.slots)
        return file
    }

    /// As `MailStore` does it with the files.
    func rekey() async throws -> AccountFileKey {
        let file = try await begin()
        #expect(try directory.endRekeying(of: id, to: file.file, by: "test"))
        return file
    }

    func path(_ file: AccountFileKey) -> String { file.file.path(in: fixture.folder.file("accounts")) }

    /// Makes an empty file.
    func touch(_ path: String) throws {
        try FileManager.default.createDirectory(
            atPath: fixture.folder.file("accounts"), withIntermediateDirectories: true)
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
    }

    /// What comes out with a login; nil: it is refused.
    func key(atLogin password: String) async throws -> AccountFileKey? {
        let hold = try await logIn(password)?.hold
        return try hold.map { _ in try directory.fileKey(of: id) }
    }

    func opens(_ owner: OwnerSecret) async throws -> AccountFileKey {
        let hold = try await directory.hold(Self.anna, with: owner)
        defer { hold.release() }
        return try directory.fileKey(of: id)
    }

    func expectAllOpen(_ file: AccountFileKey) async throws {
        #expect(try await key(atLogin: "correct horse") == file)
        #expect(try await key(atLogin: app.text) == file)
        #expect(try await opens(.recoveryKey(recovery)) == file)
    }
}
