// SPDX-License-Identifier: Apache-2.0
import Accounts
import BackupJobs
import DNSClient
import Foundation
import HTTPTypes
import Logging
import OutgoingQueue
import RedisStreams
import TestSupport
import Testing

@testable import AdminSite

@Suite(.timeLimit(.minutes(2))) struct AdministrationTests {
    @Test func domainsComeAndGo() async throws {
        let world = try await World()
        let browser = try await world.browser(of: World.administrator)
        #expect(try await browser.get("/admin/domains").text.contains("example.org"))
        let added = try await browser.post("/admin/domains", ["domain": " Bücher.Example "])
        #expect(added.location == "/admin/domains/xn--bcher-kva.example")
        #expect(try await browser.get("/admin/domains").text.contains("is added, with DKIM keys"))
        #expect(!(try await browser.get("/admin/domains").text.contains("is added, with DKIM keys")))
        let again = try await browser.post("/admin/domains", ["domain": "example.org"])
        #expect(again.status == .unprocessableContent && again.text.contains("example.org is there already."))
        #expect(
            again.text.contains(#"id="domain-wrong""#)
                && again.text.contains(#"aria-describedby="domain-hint domain-wrong""#))
        #expect(try await browser.post("/admin/domains", ["domain": "not a domain"]).status == .unprocessableContent)
        let used = try await browser.post("/admin/domains/example.org/remove")
        #expect(used.status == .unprocessableContent && used.text.contains("still has accounts (2)"))
        #expect(try await browser.get("/admin/domains/xn--bcher-kva.example/remove").status == .ok)
        #expect(try await browser.post("/admin/domains/xn--bcher-kva.example/remove").location == "/admin/domains")
        #expect(try await world.directory.domains().map(\.name) == ["example.org"])
        #expect(try await browser.get("/admin/domains/nowhere.example").status == .notFound)
        let audit = try await world.directory.audit(limit: 2)
        #expect(audit.map(\.action) == ["domain remove", "domain add"])
        #expect(audit.allSatisfy { $0.actor == "admin@example.org, web" })
    }

    @Test func recordsStandBesideWhatTheDNSSays() async throws {
        let world = try await World()
        world.resolver.add("example.org", [.mx(10, "mail.example.org"), .txt("v=spf1 -all")])
        let page = try await world.browser(of: World.administrator).get("/admin/domains/example.org")
        #expect(page.status == .ok)
        let rows = page.text.split(separator: "<tr>").map(String.init)
        let mail = try #require(rows.first { $0.contains(">MX<") })
        #expect(mail.contains("badge right") && mail.contains("10 mail.example.org"))
        let spf = try #require(rows.first { $0.contains("v=spf1 mx -all") })
        #expect(spf.contains("badge different") && spf.contains("v=spf1 -all"))
        let key = try #require(rows.first { $0.contains("mk1-rsa._domainkey.example.org") })
        #expect(key.contains("badge missing"))
        #expect(page.text.contains("_mta-sts.example.org. IN TXT"))
    }

    @Test func accountsComeAndGo() async throws {
        let world = try await World()
        let browser = try await world.browser(of: World.administrator)
        try await browser.get("/admin/accounts/add?domain=example.org")
        let made = try await browser.post(
            "/admin/accounts/add", ["name": "Bert", "domain": "example.org", "displayName": "Bert 버트"])
        let password = try #require(made.text.firstMatch(of: /class="secret">([a-z0-9-]{23})</)).1
        #expect(made.status == .ok && made.headers[.cacheControl] == "no-store")
        #expect(try await world.browser().login("bert@example.org", String(password)).status == .seeOther)
        let chosen = try await browser.post(
            "/admin/accounts/add",
            ["name": "carl", "domain": "example.org", "password": "chosen horse", "administrator": "yes"])
        #expect(chosen.location == "/admin/accounts?domain=example.org")
        #expect(try await world.account("carl@example.org").isAdministrator)
        for (fields, text) in [
            (["name": "bert"], "bert@example.org is already an account or an alias."),
            (["name": "a b"], "cannot be an address here"), (["name": ""], "cannot be an address here"),
            (["name": "dora", "password": "short"], "A password has 8 to 1024 bytes."),
            (["name": "dora", "displayName": String(repeating: "x", count: 201)], "This name is too long."),
        ] {
            let page = try await browser.post(
                "/admin/accounts/add", fields.merging(["domain": "example.org"]) { $1 })
            #expect(page.status == .unprocessableContent && page.text.contains(text), "\(fields)")
        }
        let bert = try await world.account("bert@example.org")
        let file = world.folder.file("accounts/\(bert.id).db")
        #expect(FileManager.default.fileExists(atPath: file))
        let path = "/admin/accounts/\(bert.id)"
        #expect(try await browser.get(path).text.contains("Bert 버트"))
        #expect(try await browser.post(path + "/disabled", ["to": "yes"]).location == path)
        #expect(try await world.account("bert@example.org").isDisabled)
        #expect(try await browser.get("/admin/accounts?search=BERT").text.contains("badge off"))
        #expect(try await browser.post(path + "/disabled", ["to": "no"]).location == path)
        #expect(try await browser.post(path + "/administrator", ["to": "yes"]).location == path)
        #expect(try await world.account("bert@example.org").isAdministrator)
        #expect(try await browser.post(path + "/password", ["password": "a new horse"]).location == path)
        #expect(try await world.browser().login("bert@example.org", "a new horse").status == .seeOther)
        let wrong = try await browser.post(path + "/remove", ["typed": "carl@example.org"])
        #expect(wrong.status == .unprocessableContent && wrong.text.contains("Nothing was removed."))
        #expect(FileManager.default.fileExists(atPath: file))
        #expect(try await browser.post(path + "/remove", ["typed": "Bert@example.org"]).location == "/admin/accounts")
        #expect(!FileManager.default.fileExists(atPath: file))
        #expect(try await browser.get(path).status == .notFound)
    }

    @Test func nobodyShutsOutThemselves() async throws {
        let world = try await World()
        let browser = try await world.browser(of: World.administrator)
        let path = "/admin/accounts/\(try await world.account(World.administrator).id)"
        #expect(!(try await browser.get(path).text.contains("/disabled")))
        for (action, form) in [
            ("disabled", ["to": "yes"]), ("administrator", ["to": "no"]), ("remove", ["typed": World.administrator]),
            ("password", ["password": "another horse"]),
        ] {
            #expect(try await browser.post("\(path)/\(action)", form).status == .forbidden)
        }
        let account = try await world.account(World.administrator)
        #expect(account.isAdministrator && !account.isDisabled)
    }

    @Test func longListsHavePages() async throws {
        let world = try await World()
        let alias = { (number: Int) in "alias\(1_000 + number)@example.org" }
        for number in 0..<120 { try await world.directory.addAlias(alias(number), to: [World.user], by: "test") }
        let browser = try await world.browser(of: World.administrator)
        let first = try await browser.get("/admin/aliases")
        #expect(first.text.contains(alias(49)) && !first.text.contains(alias(50)))
        #expect(first.text.contains("1–50 of 120") && !first.text.contains(#"rel="prev""#))
        let last = try await browser.get("/admin/aliases?page=3")
        #expect(last.text.contains(alias(119)) && last.text.contains(#"href="/admin/aliases?page=2" rel="prev""#))
        #expect(!last.text.contains(#"rel="next""#))
        for page in ["0", "-1", "x", "999999999999999999999", "9999999"] {
            #expect(try await browser.get("/admin/aliases?page=\(page)").status == .ok)
        }
        #expect(try await browser.get("/admin/audit?page=2").text.contains("51–100 of 123"))
    }

    @Test func aliasesComeAndGo() async throws {
        let world = try await World()
        let browser = try await world.browser(of: World.administrator)
        let added = try await {
            try await browser.get("/admin/aliases")
            return try await browser.post(
                "/admin/aliases", ["alias": "info@example.org", "targets": "anna@example.org,\r\nadmin@example.org"])
        }()
        #expect(added.location == "/admin/aliases")
        #expect(try await world.directory.aliases().first?.targets == ["admin@example.org", "anna@example.org"])
        for (alias, targets, field) in [
            ("info@example.org", "nobody@example.org", "targets"), ("info@example.org", "", "targets"),
            ("info@elsewhere.example", World.user, "alias"), (World.user, World.administrator, "alias"),
            ("no address", World.user, "alias"),
        ] {
            let page = try await browser.post("/admin/aliases", ["alias": alias, "targets": targets])
            #expect(page.status == .unprocessableContent && page.text.contains(#"id="\#(field)-wrong""#), "\(alias)")
        }
        let question = try await browser.get("/admin/aliases/remove?alias=info%40example.org")
        #expect(question.text.contains("Remove info@example.org?"))
        #expect(try await browser.post("/admin/aliases/remove", ["alias": "info@example.org"]).status == .seeOther)
        #expect(try await browser.post("/admin/aliases/remove", ["alias": "info@example.org"]).status == .notFound)
        #expect(try await world.directory.aliases().isEmpty)
    }

    @Test func theQueueTellsItsStoryAndIsWorkedOn() async throws {
        let world = try await World()
        let message = NewMessage(
            reversePath: World.user,
            recipients: [NewDelivery(recipient: "bob@elsewhere.example", route: .remote(domain: "elsewhere.example"))],
            content: Array("Subject: x\r\n\r\n".utf8))
        try await world.queue.enqueue(message)
        let batch = try #require(try await world.queue.take(.remote, owner: "test"))
        try await world.queue.finish(
            batch,
            results: [
                batch.deliveries[0].id: AttemptResult(
                    .deferred, host: "mx.elsewhere.example [192.0.2.1]", status: "4.2.0", reply: "<b>busy</b>")
            ])
        let browser = try await world.browser(of: World.administrator)
        #expect(try await browser.get("/admin/queue").text.contains("bob@elsewhere.example"))
        let path = "/admin/queue/\(batch.deliveries[0].id)"
        let story = try await browser.get(path)
        #expect(
            story.text.contains("mx.elsewhere.example [192.0.2.1]") && story.text.contains("&lt;b&gt;busy&lt;/b&gt;"))
        #expect(try await browser.post(path + "/hold").location == path)
        #expect(try await world.queue.list().first?.held == true)
        #expect(try await browser.post(path + "/retry").location == path)
        #expect(try await world.queue.list().first?.held == false)
        #expect(try await browser.post("/admin/queue/retry").location == "/admin/queue")
        #expect(try await browser.get(path + "/remove").status == .ok)
        #expect(try await browser.post(path + "/remove").location == "/admin/queue")
        #expect(try await world.queue.list().isEmpty)
        #expect(try await browser.get(path).status == .notFound)
        #expect(
            try await world.directory.audit(limit: 4).map(\.action) == [
                "queue remove", "queue retry", "queue retry", "queue hold",
            ])
    }

    @Test func backupsAreShownAndAskedForThroughRedis() async throws {
        let redis = try RedisServer()
        let logger = Logger.quiet
        let client = RedisClient(host: "127.0.0.1", port: redis.port, password: redis.password, logger: logger)
        let running = Task { await client.run() }
        defer { running.cancel() }
        let jobs = BackupJobs(client: client, logger: logger)
        let world = try await World(backups: jobs)
        let browser = try await world.browser(of: World.administrator)
        while await client.problem() != nil { await Task.yield() }
        #expect(try await browser.get("/admin/backups").text.contains("has said nothing for three minutes"))
        let service = BackupJobs(client: client, logger: logger)
        let serving = Task { await service.run() }
        defer { serving.cancel() }
        jobs.publish(
            BackupStatus(
                published: 0, target: "/backups", schedule: "every day at 03:15", retention: "7 daily",
                running: RunningJob(
                    kind: .backup, stage: "reading <accounts>", doneBytes: 500, totalBytes: 1_000, started: 0),
                ended: [EndedJob(kind: .verify, started: 0, ended: 1, failure: "a chunk is damaged")],
                backups: [
                    BackupSummary(
                        id: "20261124T031502Z-5f0c9a1e", taken: 0, files: 3, bytes: 12_345, incomplete: true)
                ]))
        var page = try await browser.get("/admin/backups")
        while !page.text.contains("/backups</code>") { page = try await browser.get("/admin/backups") }
        #expect(
            page.text.contains("reading &lt;accounts&gt;") && page.text.contains(#"<progress max="100" value="50">"#))
        #expect(page.text.contains("a chunk is damaged") && page.text.contains("12KB"))
        #expect(page.text.contains(#"<span class="badge bad">incomplete</span>"#))
        #expect(page.text.contains(#"http-equiv="refresh""#))
        #expect(try await browser.post("/admin/backups/run").location == "/admin/backups")
        #expect(
            try await browser.post("/admin/backups/verify", ["backup": "20261124T031502Z-5f0c9a1e"]).status == .seeOther
        )
        for wrong in ["", "../../x", "20261124T031502Z-00000000"] {
            #expect(try await browser.post("/admin/backups/verify", ["backup": wrong]).status == .badRequest)
        }
        var asked: [BackupRequest.Work] = []
        for await request in service.requests() {
            asked.append(request.work)
            if asked.count == 2 { break }
        }
        #expect(asked == [.backup, .verify(backup: "20261124T031502Z-5f0c9a1e")])
        #expect(try await world.directory.audit(limit: 2).map(\.action) == ["backup verify", "backup now"])
    }

    @Test func servicesThatAreAwayAreSaidToBeAway() async throws {
        let world = try await World(services: [
            "mail=http://127.0.0.1:\(try FreePort.find())", "nowhere=http://name.invalid:8080",
        ])
        let page = try await world.browser(of: World.administrator).get("/admin/services")
        #expect(page.text.contains("Connection refused") && page.text.contains("not found"))
    }
}
