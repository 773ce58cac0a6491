// SPDX-License-Identifier: Apache-2.0
import Accounts
import HTTPTypes
import Testing

@testable import AdminSite

@Suite(.timeLimit(.minutes(2))) struct SessionTests {
    @Test func somebodyLogsInAndOut() async throws {
        let world = try await World()
        let browser = world.browser()
        #expect(try await browser.get("/").location == "/login")
        let wanted = try await browser.get("/admin/accounts?search=a%26b")
        #expect(wanted.status == .seeOther && wanted.location == "/login?next=%2Fadmin%2Faccounts%3Fsearch%3Da%2526b")
        let form = try await browser.get(wanted.location ?? "")
        #expect(form.text.contains(#"name="next" value="/admin/accounts?search=a%26b""#))
        let page = try await browser.login(World.administrator, World.password, next: "/admin/accounts?search=a%26b")
        #expect(page.status == .seeOther && page.location == "/admin/accounts?search=a%26b")
        let cookie = try #require(page.headers[values: .setCookie].first { $0.hasPrefix("__Host-mailkeep-session=") })
        for word in ["Path=/", "Secure", "HttpOnly", "SameSite=Strict"] { #expect(cookie.contains(word)) }
        #expect(try await browser.get("/admin").status == .ok)

        let session = browser.cookies
        #expect(try await browser.post("/logout").location == "/login")
        #expect(browser.cookies[Cookie.session.rawValue] == nil)
        // Not only the browser forgot it.
        browser.cookies = session
        #expect(try await browser.get("/admin").location?.hasPrefix("/login") == true)
    }

    @Test func whatIsWrongIsNotTold() async throws {
        let world = try await World()
        let wrong = try await world.browser().login(World.user, "something else")
        let nobody = try await world.browser().login("nobody@example.org", "something else")
        let elsewhere = try await world.browser().login("anna@elsewhere.example", "something else")
        #expect(wrong.status == .unprocessableContent && nobody.status == wrong.status)
        #expect(wrong.text.contains("The address or the password is wrong."))
        let plain = { (page: Page, name: String) in page.text.replacing(name, with: "") }
        #expect(plain(wrong, World.user) == plain(nobody, "nobody@example.org"))
        #expect(plain(wrong, World.user) == plain(elsewhere, "anna@elsewhere.example"))
        #expect(wrong.headers[values: .setCookie] == nobody.headers[values: .setCookie])
        try await world.directory.setDisabled(World.user, true, by: "test")
        let disabled = try await world.browser().login(World.user, World.password)
        #expect(disabled.text == wrong.text)
        let long = try await world.browser().login(World.user, String(repeating: "x", count: 1_025))
        #expect(long.status == .unprocessableContent && long.text.contains("The address or the password is wrong."))
    }

    @Test func anotherPasswordEndsTheOtherSessions() async throws {
        let world = try await World()
        let (here, there) = (try await world.browser(of: World.user), try await world.browser(of: World.user))
        try await here.get("/account/password")
        let changed = try await here.post(
            "/account/password", ["old": World.password, "new": "another horse", "again": "another horse"])
        #expect(changed.location == "/account")
        #expect(try await here.get("/account").text.contains("Your password is changed."))
        #expect(try await there.get("/account").location?.hasPrefix("/login") == true)
        #expect(try await world.browser().login(World.user, World.password).status == .unprocessableContent)
        #expect(try await world.browser().login(World.user, "another horse").status == .seeOther)
    }

    @Test func theOldPasswordIsAskedFor() async throws {
        let world = try await World()
        let browser = try await world.browser(of: World.user)
        try await browser.get("/account/password")
        for (old, new, again, text) in [
            ("wrong", "another horse", "another horse", "This is not your present password."),
            ("", "another horse", "another horse", "This is not your present password."),
            (World.password, "short", "short", "A password has 8 to 1024 bytes."),
            (World.password, "another horse", "another cow", "The two new passwords differ."),
        ] {
            let page = try await browser.post("/account/password", ["old": old, "new": new, "again": again])
            #expect(page.status == .unprocessableContent && page.text.contains(text))
            #expect(page.text.contains(#"aria-invalid="true""#))
            #expect(!page.text.contains("another horse"), "a password came back")
        }
        #expect(try await world.browser().login(World.user, World.password).status == .seeOther)
    }

    @Test func disablingEndsSessionsAndRightsAreAskedEachTime() async throws {
        let world = try await World()
        let browser = try await world.browser(of: World.administrator)
        #expect(try await browser.get("/admin").status == .ok)
        try await world.directory.setAdministrator(World.administrator, false, by: "test")
        #expect(try await browser.get("/admin").status == .forbidden)
        try await world.directory.setDisabled(World.administrator, true, by: "test")
        #expect(try await browser.get("/account").location?.hasPrefix("/login") == true)
        try await world.directory.setDisabled(World.administrator, false, by: "test")
        #expect(try await browser.get("/account").location?.hasPrefix("/login") == true)
    }

    @Test func usersSeeTheirOwnAccountOnly() async throws {
        let world = try await World()
        let browser = try await world.browser(of: World.user)
        let own = try await browser.get("/account")
        #expect(own.status == .ok && own.text.contains(World.user) && !own.text.contains("/admin"))
        let id = try await world.account(World.administrator).id
        for path in [
            "/admin", "/admin/domains", "/admin/domains/example.org", "/admin/accounts", "/admin/accounts/add",
            "/admin/accounts/\(id)", "/admin/accounts/\(id)/remove", "/admin/aliases", "/admin/queue", "/admin/queue/1",
            "/admin/backups", "/admin/services", "/admin/audit",
        ] {
            let page = try await browser.get(path)
            #expect(page.status == .forbidden && page.text.contains("This page is for administrators."), "\(path)")
        }
        for path in [
            "/admin/domains", "/admin/accounts/add", "/admin/accounts/\(id)/password", "/admin/accounts/\(id)/disabled",
            "/admin/accounts/\(id)/administrator", "/admin/accounts/\(id)/remove", "/admin/aliases",
            "/admin/aliases/remove", "/admin/queue/retry", "/admin/backups/run", "/admin/domains/example.org/remove",
        ] {
            #expect(try await browser.post(path, ["to": "yes"]).status == .forbidden, "\(path)")
        }
        #expect(try await world.directory.audit().allSatisfy { $0.actor == "test" })
    }

    @Test func aFormFromElsewhereDoesNothing() async throws {
        let world = try await World()
        let browser = try await world.browser(of: World.administrator)
        try await browser.get("/admin/domains")
        let form = ["domain": "example.net"]
        let here = "https://\(World.host)"
        let others: [HTTPFields] = [
            [.origin: "https://evil.example"], [.origin: "null", .secFetchSite: "same-origin"],
            [.origin: here, .secFetchSite: "same-site"], [.secFetchSite: "cross-site"],
            [.origin: "http://\(World.host)"], [.origin: here + ".evil.example"], [:],
        ]
        for fields in others {
            let page = try await browser.post("/admin/domains", form, fields)
            #expect(page.status == .forbidden && page.text.contains("does not come from this site"), "\(fields)")
        }
        for token in ["", "00", String(repeating: "0", count: 64)] {
            let page = try await browser.post("/admin/domains", form.merging(["token": token]) { $1 })
            #expect(page.status == .forbidden && page.text.contains("of an earlier log-in"))
        }
        // Another's token is none either.
        let other = try await world.browser(of: World.administrator)
        try await other.get("/admin/domains")
        #expect(
            try await browser.post("/admin/domains", form.merging(["token": other.token]) { $1 }).status == .forbidden)
        #expect(try await world.directory.domains().count == 1)
        #expect(try await browser.post("/admin/domains", form, [.secFetchSite: "same-origin"]).status == .seeOther)
        #expect(try await world.directory.domains().count == 2)
        // The log-in form too.
        let fresh = world.browser()
        let page = try await fresh.post(
            "/login", ["address": World.user, "password": World.password], [.origin: "https://evil.example"])
        #expect(page.status == .forbidden && fresh.cookies.isEmpty)
    }

    @Test func noWayLeadsElsewhere() async throws {
        let world = try await World()
        for next in ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\nb"] {
            #expect(try await world.browser().login(World.user, World.password, next: next).location == "/account")
        }
        let page = try await world.browser().post("/language", ["language": "ko", "here": "//evil.example"])
        #expect(page.location == "/")
    }
}
