// SPDX-License-Identifier: Apache-2.0
import Accounts
import SASLMechanisms
import Testing

/// App passwords and zero access on one's own pages, and what an administrator can do about it.
@Suite struct ZeroAccessTests {
    private func secrets(_ page: Page) -> [String] {
        page.text.matches(of: /<code class="secret">([^<]+)</).map { String($0.1) }
    }

    private func logsIn(_ world: World, _ password: String) async throws -> AccountIdentity? {
        try await world.directory.authenticate(login: World.user, password: SecretBytes(password.utf8))
    }

    @Test func appPasswordsAreShownOnceAndTakenBack() async throws {
        let world = try await World()
        let browser = try await world.browser(of: World.user)
        try await browser.get("/account/app-passwords")
        let wrong = try await browser.post("/account/app-passwords", ["label": "Phone", "old": "wrong"])
        #expect(wrong.status == .unprocessableContent && wrong.text.contains("This is not your present password."))
        let unnamed = try await browser.post("/account/app-passwords", ["label": "", "old": World.password])
        #expect(unnamed.status == .unprocessableContent && unnamed.text.contains("A name has 1 to 100 bytes."))
        let made = try await browser.post("/account/app-passwords", ["label": "<Phone>", "old": World.password])
        let app = try #require(secrets(made).first)
        #expect(made.status == .ok && made.text.contains("&lt;Phone&gt;") && !made.text.contains("<Phone>"))
        #expect(try await logsIn(world, app) != nil)
        let list = try await browser.get("/account/app-passwords")
        #expect(list.text.contains("&lt;Phone&gt;") && !list.text.contains(app))
        // It is not for these pages.
        #expect(try await world.browser().login(World.user, app).status == .unprocessableContent)
        #expect(try await browser.post("/account/app-passwords/remove", ["label": "<Phone>"]).status == .seeOther)
        #expect(try await logsIn(world, app) == nil)
    }

    @Test func somebodySwitchesZeroAccessOn() async throws {
        let world = try await World()
        let (browser, other) = (try await world.browser(of: World.user), try await world.browser(of: World.user))
        #expect(try await browser.get("/account").text.contains("Off: whoever runs this server"))
        try await browser.get("/account/zero-access")
        let wrong = try await browser.post("/account/zero-access", ["old": "wrong"])
        #expect(wrong.status == .unprocessableContent)
        #expect(try await !world.account(World.user).isZeroAccess)
        let on = try await browser.post("/account/zero-access", ["old": World.password])
        let key = try RecoveryKey(.account, text: #require(secrets(on).first))
        #expect(try await world.account(World.user).isZeroAccess)
        // The session that did it goes on, others end.
        #expect(try await browser.get("/account").text.contains("On: only your password"))
        #expect(try await other.get("/account").status == .seeOther)
        // The password changes within the mode.
        try await browser.get("/account/password")
        let changed = try await browser.post(
            "/account/password", ["old": World.password, "new": "another horse", "again": "another horse"])
        #expect(changed.status == .seeOther)
        #expect(try await logsIn(world, World.password) == nil)
        #expect(try await logsIn(world, "another horse")?.hold != nil)
        _ = try await world.directory.hold(World.user, with: .recoveryKey(key))
        try await browser.get("/account/zero-access")
        let renewed = try await browser.post("/account/recovery-key", ["old": "another horse"])
        let second = try RecoveryKey(.account, text: #require(secrets(renewed).first))
        await #expect(throws: DirectoryError.wrongRecoveryKey(World.user)) {
            _ = try await world.directory.hold(World.user, with: .recoveryKey(key))
        }
        _ = try await world.directory.hold(World.user, with: .recoveryKey(second))
        // An app password opens the file as well.
        try await browser.get("/account/app-passwords")
        let app = try await browser.post("/account/app-passwords", ["label": "Phone", "old": "another horse"])
        #expect(try await logsIn(world, #require(secrets(app).first))?.hold != nil)
    }

    @Test func anAdministratorIsToldWhatAResetLoses() async throws {
        let world = try await World()
        let id = try await world.account(World.user).id
        let browser = try await world.browser(of: World.administrator)
        #expect(try await browser.get("/admin/accounts/\(id)/reset").status == .notFound)
        _ = try await world.directory.protect(
            World.user, password: SecretBytes(World.password.utf8), filesIn: world.accounts.root, by: "test")
        let page = try await browser.get("/admin/accounts/\(id)")
        #expect(page.text.contains("zero access") && page.text.contains("cannot be opened any more"))
        let direct = try await browser.post("/admin/accounts/\(id)/password", ["password": "another horse"])
        #expect(direct.status == .unprocessableContent)
        #expect(try await logsIn(world, World.password)?.hold != nil)
        try await browser.get("/admin/accounts/\(id)/reset")
        let mistyped = try await browser.post("/admin/accounts/\(id)/reset", ["typed": "somebody@example.org"])
        #expect(mistyped.status == .unprocessableContent)
        #expect(try await logsIn(world, World.password)?.hold != nil)
        let done = try await browser.post("/admin/accounts/\(id)/reset", ["typed": World.user])
        let shown = secrets(done)
        try #require(shown.count == 2)
        #expect(try await logsIn(world, World.password) == nil)
        #expect(try await logsIn(world, shown[0])?.hold != nil)
        _ = try await world.directory.hold(World.user, with: .recoveryKey(RecoveryKey(.account, text: shown[1])))
    }
}
