// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import MailStore
import Testing

@testable import AdminSite

@Suite(.timeLimit(.minutes(2))) struct QuotaTests {
    @Test func anAdministratorSetsQuotasOfAccounts() async throws {
        let world = try await World()
        let browser = try await world.browser(of: World.administrator)
        let path = "/admin/accounts/\(try await world.account(World.user).id)"
        let before = try await browser.get(path).text
        #expect(
            before.contains("0B used, no limit") && before.contains("domain (no limit)") && !before.contains("<meter"))
        for (typed, quota, shown) in [
            ("5g", .bytes(5 << 30), "5G"), (" NONE ", .unlimited, "none"), ("1234567", .bytes(1_234_567), "1234567"),
            ("", .byDomain, ""),
        ] as [(String, QuotaSetting, String)] {
            #expect(try await browser.post(path + "/quota", ["quota": typed]).location == path)
            #expect(try await world.account(World.user).quota == quota)
            let page = try await browser.get(path).text
            #expect(page.contains("The quota of anna@example.org is set."))
            #expect(page.contains(#"name="quota" type="text" value="\#(shown)""#))
        }
        for wrong in ["much", "0", "-1", "1.5G", "2000T"] {
            let page = try await browser.post(path + "/quota", ["quota": wrong])
            #expect(page.status == .unprocessableContent && page.text.contains("from 1 byte to 1024T"), "\(wrong)")
            #expect(page.text.contains(#"value="\#(wrong)""#))
        }
        #expect(try await world.account(World.user).quota == .byDomain)
        #expect(try await world.directory.audit(limit: 1).first?.action == "account quota")
        let user = try await world.browser(of: World.user)
        #expect(try await user.post(path + "/quota", ["quota": "none"]).status == .forbidden)
    }

    @Test func aDomainHasADefault() async throws {
        let world = try await World()
        let browser = try await world.browser(of: World.administrator)
        let path = "/admin/domains/example.org"
        #expect(try await browser.get(path).text.contains(#"action="/admin/domains/example.org/quota""#))
        #expect(try await browser.post(path + "/quota", ["quota": "2G"]).location == path)
        #expect(try await world.directory.quota(domain: "example.org") == 2 << 30)
        #expect(try await browser.get(path).text.contains("The default quota of example.org is set."))
        let account = try await browser.get("/admin/accounts/\(try await world.account(World.user).id)").text
        #expect(account.contains("0B of 2GB used (0 %)") && account.contains("domain (2G)"))
        let wrong = try await browser.post(path + "/quota", ["quota": "much"])
        #expect(wrong.status == .unprocessableContent && wrong.text.contains(#"id="quota-wrong""#))
        #expect(try await browser.post("/admin/domains/x.example/quota", ["quota": "2G"]).status == .notFound)
        #expect(try await browser.post(path + "/quota", ["quota": ""]).location == path)
        #expect(try await world.directory.quota(domain: "example.org") == nil)
    }

    @Test func everybodySeesWhatTheyHold() async throws {
        let world = try await World()
        let id = try await world.account(World.user).id
        try await world.directory.setQuota(of: World.user, to: .bytes(4_096), by: "test")
        let store = try await world.accounts.store(for: id)
        let inbox = try await store.mailbox(named: .inbox)
        let head = "Subject: large\r\n\r\n"
        _ = try await store.append(
            Array((head + String(repeating: "x", count: 3_072 - head.utf8.count)).utf8), to: inbox)
        let browser = try await world.browser(of: World.user)
        let page = try await browser.get("/account").text
        #expect(page.contains("3KB of 4KB used (75 %)") && page.contains("Messages: 1, 3KB."))
        #expect(page.contains(#"min="0" max="4096" high="3687" optimum="0" value="3072">3KB of 4KB"#))
        // A file that is not there does not take the page away.
        try await world.accounts.remove(id)
        let without = try await browser.get("/account")
        #expect(without.status == .ok && without.text.contains("How much is used cannot be read"))
    }
}
