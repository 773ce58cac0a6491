// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// The command as a process, as the operator runs it.
@Suite struct CommandTests {
    struct Account: Decodable {
        let address, id, name: String
        let disabled, administrator: Bool
    }

    @Test func fromNothingToADomainWithAccounts() throws {
        let here = try Installation()
        try here.fails("domain", "list", saying: "mailkeep init")
        _ = try here.works("init", "--master", here.folder.file("master.key"))
        _ = try here.works("init", "--master", here.folder.file("master.key"))
        _ = try here.works("domain", "add", "Example.org")
        try here.fails("domain", "add", "example.org", saying: "already")
        let records = try here.works("domain", "dkim", "example.org").output.split(separator: "\n")
        #expect(records.count == 2 && records.allSatisfy { $0.contains("._domainkey.example.org. IN TXT \"v=DKIM1;") })

        _ = try here.works(
            "account", "add", "anna@example.org", "--administrator", "--password-file", "-", input: "a good one\n")
        // A name that would steer the terminal is shown without that.
        let name = "Bert\u{1B}\u{202E}"
        let made = try here.works("account", "add", "bert@example.org", "--name", name, "--generate").output
        #expect(made.wholeMatch(of: /[a-z0-9]{5}(-[a-z0-9]{5}){3}\n/) != nil)
        try here.fails("account", "add", "anna@example.org", "--generate", saying: "already")
        try here.fails("account", "add", "x@elsewhere.example", "--generate", saying: "mailkeep domain add")
        try here.fails("account", "add", "x@example.org", "--password-file", "-", saying: "no password was given")
        try here.fails(
            "account", "add", "x@example.org", "--password-file", "-", saying: "a password has 8", input: "short")
        try here.fails("account", "add", status: 64, saying: "Usage: mailkeep account add")

        try here.fails("account", "list", "elsewhere.example", saying: "elsewhere.example")
        let list = try here.works("account", "list").output.unicodeScalars
        #expect(!list.contains("\u{1B}") && !list.contains("\u{202E}") && list.contains("\u{FFFD}"))
        let accounts = try here.works("account", "list", "--json").json([Account].self)
        #expect(accounts.map(\.address) == ["anna@example.org", "bert@example.org"])
        #expect(accounts.map(\.administrator) == [true, false])
        #expect(accounts.map(\.name) == ["", name])
        for account in accounts {
            #expect(FileManager.default.fileExists(atPath: here.folder.file("data/accounts/\(account.id).db")))
        }
        let key = try here.works("account", "key", "ANNA@example.org").output
        #expect(key.wholeMatch(of: /[0-9a-f]{64}\n/) != nil)

        _ = try here.works("alias", "add", "info@example.org", "anna@example.org", "bert@example.org")
        #expect(try here.works("alias", "list", "--json").output.contains("info@example.org"))
        _ = try here.works("alias", "remove", "info@example.org")
        _ = try here.works(
            "account", "password", "anna@example.org", "--password-file", "-", input: "another good one\n")
        _ = try here.works("health")

        try here.fails("account", "remove", "bert@example.org", saying: "--yes")
        _ = try here.works("account", "remove", "bert@example.org", "--yes")
        #expect(!FileManager.default.fileExists(atPath: here.folder.file("data/accounts/\(accounts[1].id).db")))
        try here.fails("domain", "remove", "example.org", saying: "still has 1 account")
        #expect(try here.works("queue", "list", "--json").json([String].self).isEmpty)
        try here.fails("queue", "show", "1", saying: "not in the queue")
    }

    /// As in containers: the purpose keys come from elsewhere, and each command sees those that it needs.
    @Test func eachCommandReadsOnlyTheKeysThatItNeeds() throws {
        let here = try Installation()
        let master = here.folder.file("master.key")
        try (String(repeating: "5a", count: 32) + "\n").write(toFile: master, atomically: false, encoding: .utf8)
        chmod(master, 0o400)
        _ = try here.works("keys", "derive", "--master", master, "--output", here.folder.file("all"))
        func with(_ keys: [String], _ arguments: [String], input: String = "") throws -> Installation.Outcome {
            let folder = here.folder.file("keys-" + keys.joined(separator: "-"))
            if !FileManager.default.fileExists(atPath: folder) {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                for key in keys {
                    try FileManager.default.copyItem(
                        atPath: here.folder.file("all/\(key).key"), toPath: folder + "/\(key).key")
                }
            }
            return try here.run(arguments, input: input, environment: ["MAILKEEP_KEYS": folder])
        }
        let noKey = try with([], ["init"])
        #expect(noKey.status == 1 && noKey.errors.contains("configuration.key"))
        #expect(try with(["configuration", "spool"], ["init"]).status == 0)
        #expect(try with(["configuration", "signing"], ["domain", "add", "example.org"]).status == 0)
        #expect(try with(["configuration"], ["domain", "dkim", "example.org"]).status == 0)
        #expect(
            try with(
                ["configuration", "accounts"], ["account", "add", "anna@example.org", "--password-file", "-"],
                input: "a good one"
            )
            .status == 0)
        #expect(try with(["configuration"], ["account", "list", "--json"]).status == 0)
        #expect(try with(["configuration"], ["alias", "add", "a@example.org", "anna@example.org"]).status == 0)
        let refused = try with(["configuration"], ["account", "key", "anna@example.org"])
        #expect(refused.status == 1 && refused.errors.contains("accounts.key"))
        #expect(try with(["configuration", "spool"], ["health", "--json"]).status == 0)
        #expect(try with(["spool"], ["queue", "list"]).status == 0)
    }

    @Test func healthTellsWhatIsWrong() throws {
        let here = try Installation()
        _ = try here.works("init", "--master", here.folder.file("master.key"))
        let redis = try here.run(
            ["health", "--json"], environment: ["MAILKEEP_REDIS_HOST": "127.0.0.1", "MAILKEEP_REDIS_PORT": "1"])
        #expect(redis.status == 1 && redis.output.contains("127.0.0.1:1"))
        let unsaid = try here.run([
            "health", "--service", "http://127.0.0.1:1", "--redis-host", "127.0.0.1", "--redis-port", "x",
        ])
        #expect(unsaid.status == 1 && unsaid.output.contains("x is not a port"))
        let spool = here.folder.file("data/spool.db")
        let handle = try #require(FileHandle(forUpdatingAtPath: spool))
        try handle.seek(toOffset: 4_096 + 100)
        try handle.write(contentsOf: Data([1, 2, 3, 4]))
        try handle.close()
        let broken = try here.run(["health"])
        #expect(broken.status == 1 && broken.output.contains("WRONG"))
    }

    @Test func quotas() throws {
        struct Shown: Decodable {
            let address: String
            let quota: Int?
            let used, messages, messageBytes, objectBytes: Int
        }
        let here = try Installation()
        _ = try here.works("init", "--master", here.folder.file("master.key"))
        _ = try here.works("domain", "add", "example.org")
        _ = try here.works("account", "add", "anna@example.org", "--generate")
        func shown() throws -> Shown {
            try here.works("account", "show", "anna@example.org", "--json").json(Shown.self)
        }
        #expect(try shown().quota == nil)
        #expect(try here.works("domain", "quota", "example.org").output == "example.org: none\n")
        #expect(try here.works("domain", "quota", "example.org", "2G").output == "example.org: 2G (2147483648 bytes)\n")
        #expect(
            try here.works("account", "quota", "anna@example.org").output
                == "anna@example.org: 2G (2147483648 bytes), by its domain\n")
        #expect(
            try here.works("account", "quota", "anna@example.org", "1500").output
                == "anna@example.org: 1.4K (1500 bytes)\n")
        #expect(try shown().quota == 1_500)
        #expect(try shown().used == 0)
        #expect(try here.works("account", "list").output.contains("1.4K"))
        #expect(try here.works("account", "quota", "anna@example.org", "none").output == "anna@example.org: none\n")
        _ = try here.works("account", "quota", "anna@example.org", "default")
        #expect(try here.works("account", "list", "--json").output.contains("\"quota\" : 2147483648"))
        #expect(try here.works("account", "show", "anna@example.org").output.contains("used      0, 0 %\n"))
        try here.fails("account", "quota", "anna@example.org", "5GB", status: 64, saying: "5GB")
        try here.fails("account", "quota", "anna@example.org", "0", status: 64, saying: "Bytes, or a number with K")
        try here.fails("account", "quota", "bob@example.org", "5G", saying: "mailkeep account list")
        try here.fails("domain", "quota", "elsewhere.example", "5G", saying: "mailkeep domain add")
    }

    @Test func versionIsTold() throws {
        let outcome = try Installation().run(["--version"])
        #expect(outcome.status == 0)
        #expect(outcome.output.wholeMatch(of: /[0-9]+\.[0-9]+\.[0-9]+(-[a-z0-9.]+)?\n/) != nil)
    }

    @Test func filesOfAccountsAreExamined() throws {
        let here = try Installation()
        _ = try here.works("init", "--master", here.folder.file("master.key"))
        _ = try here.works("domain", "add", "example.org")
        for name in ["anna", "bert"] {
            _ = try here.works("account", "add", "\(name)@example.org", "--password-file", "-", input: "a good one\n")
        }
        #expect(try here.works("account", "check", "--all").output.contains("bert@example.org: sound, 0 messages"))
        try here.fails("account", "check", status: 64, saying: "--all")
        try here.fails("account", "check", "carl@example.org", saying: "no account")
        let account = try #require(try here.works("account", "list", "--json").json([Account].self).first)
        let handle = try #require(FileHandle(forUpdatingAtPath: here.folder.file("data/accounts/\(account.id).db")))
        try handle.seek(toOffset: 2 * 4_096 + 100)
        try handle.write(contentsOf: Data([1, 2, 3, 4]))
        try handle.close()
        let found = try here.run(["account", "check", "--all"])
        #expect(found.status == 1)
        #expect(found.output.contains("anna@example.org: DAMAGED") && found.output.contains("bert@example.org: sound"))
        let saved = here.folder.file("saved.db")
        let report = try here.works("account", "salvage", "anna@example.org", "--output", saved)
        #expect(report.output.contains("1 of ") && report.output.contains("0 messages in their mailboxes"))
        #expect(report.errors.contains("mv \(saved) "))
        try here.fails("account", "salvage", "anna@example.org", "--output", saved, saying: "is there already")
        let path = here.folder.file("data/accounts/\(account.id).db")
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.moveItem(atPath: saved, toPath: path)
        #expect(try here.works("account", "check", "anna@example.org").output.contains("anna@example.org: sound"))
    }

    @Test(arguments: [[], ["domain"], ["account"], ["alias"], ["queue"], ["keys"], ["health"], ["init"]])
    func helpIsThere(command: [String]) throws {
        let outcome = try Installation().run(command + ["--help"])
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("USAGE: mailkeep"))
    }
}
