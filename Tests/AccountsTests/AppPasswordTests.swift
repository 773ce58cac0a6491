// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization
import Testing

@testable import Accounts

@Suite struct AppPasswordTests {
    private static let anna = "anna@example.org"

    private func directory() async throws -> (Fixture, Directory) {
        let fixture = try Fixture()
        try await fixture.directory.addDomain("example.org", by: "test")
        try await fixture.add(Self.anna)
        return (fixture, fixture.directory)
    }

    private func logIn(_ directory: Directory, _ text: String, appPasswords: Bool = true) async throws
        -> AccountIdentity?
    {
        try await directory.authenticate(
            login: Self.anna, password: SecretBytes(text.utf8), appPasswords: appPasswords)
    }

    @Test func itIsReadAsPeopleTypeIt() throws {
        let app = AppPassword.random()
        #expect(app.text.utf8.count == 34 && app.text.split(separator: "-").count == 7)
        for text in [
            app.text, app.text.uppercased(), app.text.replacing("-", with: ""), app.text.replacing("-", with: " "),
        ] {
            #expect(AppPassword(SecretBytes(text.utf8))?.code == app.code)
        }
        for text in [
            "", String(app.text.dropLast()), app.text + "a", GeneratedPassword.make(), "l" + app.text.dropFirst(),
        ] {
            #expect(AppPassword(SecretBytes(text.utf8)) == nil)
        }
        #expect("\(app)" == "AppPassword")
    }

    @Test func eachLogsInAndIsRemovedAlone() async throws {
        let (fixture, directory) = try await directory()
        defer { withExtendedLifetime(fixture) {} }
        let phone = try await directory.addAppPassword(of: Self.anna, label: "phone", by: "test")
        let laptop = try await directory.addAppPassword(of: Self.anna, label: "laptop", by: "test")
        #expect(try await logIn(directory, phone.text)?.isRemembered == false)
        #expect(try await logIn(directory, phone.text.uppercased())?.isRemembered == false)
        #expect(try await logIn(directory, phone.text)?.isRemembered == true)
        #expect(try await logIn(directory, "correct horse") != nil)
        // Not where passwords are managed.
        #expect(try await logIn(directory, phone.text, appPasswords: false) == nil)
        try await fixture.again().removeAppPassword(of: Self.anna, label: "phone", by: "test")
        #expect(try await logIn(directory, phone.text) == nil)
        #expect(try await logIn(directory, laptop.text) != nil)
        await #expect(throws: DirectoryError.noSuchAppPassword("phone")) {
            try await directory.removeAppPassword(of: Self.anna, label: "phone", by: "test")
        }
        let actions = try await directory.audit(limit: 3).map { "\($0.action) \($0.subject)" }
        #expect(
            actions == [
                "account app-password remove anna@example.org: phone",
                "account app-password add anna@example.org: laptop", "account app-password add anna@example.org: phone",
            ])
    }

    @Test func theDayOfTheLastUseIsKept() async throws {
        let (fixture, _) = try await directory()
        let day = Mutex(Date(timeIntervalSince1970: 1_800_000_000))
        let directory = try Directory(
            dataFolder: fixture.folder.path, keys: fixture.keys, now: { day.withLock { $0 } })
        let app = try await directory.addAppPassword(of: Self.anna, label: "phone", by: "test")
        #expect(
            try await directory.appPasswords(of: Self.anna)
                == [AppPasswordRecord(label: "phone", created: 1_800_000_000, used: nil)])
        #expect(try await logIn(directory, app.text) != nil)
        #expect(try await directory.appPasswords(of: Self.anna)[0].used == 1_799_971_200)
        day.withLock { $0 += 86_400 }
        #expect(try await logIn(directory, app.text) != nil)
        #expect(try await directory.appPasswords(of: Self.anna)[0].used == 1_799_971_200 + 86_400)
    }

    @Test func bounds() async throws {
        let (fixture, directory) = try await directory()
        defer { withExtendedLifetime(fixture) {} }
        for label in ["", String(repeating: "x", count: 101), "a\nb", "a\u{1B}[2J"] {
            await #expect(throws: DirectoryError.appPasswordLabel) {
                try await directory.addAppPassword(of: Self.anna, label: label, by: "test")
            }
        }
        for number in 0..<Directory.appPasswords {
            _ = try await directory.addAppPassword(of: Self.anna, label: "app \(number)", by: "test")
        }
        await #expect(throws: DirectoryError.appPasswordExists("app 3")) {
            try await directory.addAppPassword(of: Self.anna, label: "app 3", by: "test")
        }
        await #expect(throws: DirectoryError.tooManyAppPasswords) {
            try await directory.addAppPassword(of: Self.anna, label: "one more", by: "test")
        }
    }

    @Test func ofAZeroAccessAccountItOpensTheFileAndMakesNoOther() async throws {
        let (fixture, directory) = try await directory()
        defer { withExtendedLifetime(fixture) {} }
        let before = try await directory.addAppPassword(of: Self.anna, label: "phone", by: "test")
        let id = try await directory.account(Self.anna).id
        let password = SecretBytes("correct horse".utf8)
        let key = try await fixture.protect(Self.anna).key
        #expect(try await logIn(directory, before.text) == nil)
        await #expect(throws: DirectoryError.ownerNeeded(Self.anna)) {
            try await directory.addAppPassword(of: Self.anna, label: "phone", by: "test")
        }
        let app = try await directory.addAppPassword(
            of: Self.anna, label: "phone", owner: .password(password), by: "test")
        await #expect(throws: DirectoryError.wrongPassword(Self.anna)) {
            try await directory.addAppPassword(
                of: Self.anna, label: "laptop", owner: .password(SecretBytes(app.text.utf8)), by: "test")
        }
        let identity = try await logIn(directory, app.text)
        #expect(try directory.fileKey(of: id).key == key && identity?.hold != nil)
        // A password change leaves it.
        try await directory.setPassword(
            of: Self.anna, to: SecretBytes("another horse".utf8), owner: .password(password), by: "test")
        #expect(try await logIn(directory, app.text)?.hold != nil)
        try await directory.removeAppPassword(of: Self.anna, label: "phone", by: "test")
        #expect(try await logIn(directory, app.text) == nil)
        let slots = try await directory.pool.read {
            try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM account_slots WHERE kind = 'app'")
        }
        #expect(slots == 0)
    }
}
