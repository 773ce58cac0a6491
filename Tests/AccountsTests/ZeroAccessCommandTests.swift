// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// What the command does with an account that only its owner opens.
@Suite struct ZeroAccessCommandTests {
    struct ClosedCheck: Decodable {
        let closed: Bool
        let pages: Int?
        let checkedWhole: String?
    }

    @Test func aZeroAccessAccountOpensForItsOwnerAlone() throws {
        let here = try Installation()
        _ = try here.works("init", "--master", here.folder.file("master.key"))
        _ = try here.works("domain", "add", "example.org")
        let anna = "anna@example.org"
        _ = try here.works("account", "add", anna, "--password-file", "-", input: "a good one")
        let app = try here.works("account", "app-password", "add", anna, "Phone").output
        #expect(app.wholeMatch(of: /[a-z0-9]{4}(-[a-z0-9]{4}){6}\n/) != nil)
        #expect(try here.works("account", "app-password", "list", anna).output.contains("never      Phone"))
        _ = try here.works("account", "app-password", "remove", anna, "Phone")
        try here.fails("account", "app-password", "remove", anna, "Phone", saying: "no app password")

        try here.fails("account", "protect", anna, saying: "is not the password", input: "a bad one")
        let key = try here.works("account", "protect", anna, input: "a good one").output
        #expect(key.wholeMatch(of: /MKA1(-[0-9A-Z]{4}){14}\n/) != nil)
        try here.fails("account", "protect", anna, saying: "already", input: "a good one")
        #expect(try here.works("account", "show", anna).output.contains("zero access"))
        #expect(try here.works("account", "list").output.contains("zero-access"))
        let closed = "--own-password-file"
        try here.fails("account", "key", anna, saying: closed)
        try here.fails("account", "salvage", anna, "--output", here.folder.file("x.db"), saying: closed)
        try here.fails("account", "app-password", "add", anna, "Phone", saying: closed)
        try here.fails("account", "password", anna, "--generate", saying: "--lose-old-mail")
        try here.fails("account", "rekey", anna, saying: "not the password", input: "a bad one")
        #expect(try here.works("account", "rekey", "--all").errors.contains("name it alone"))
        let rekeyed = try here.works("account", "rekey", anna, "--password-file", "-", input: "a good one").output
        #expect(rekeyed.contains("has a new key; its file is accounts/"))
        let closedCheck = try here.works("account", "check", "--all").output
        #expect(closedCheck.contains("closed, no damage shows") && closedCheck.contains("was never checked whole"))
        let raw = try here.works("account", "key", anna, "--own-password-file", "-", input: "a good one").output
        #expect(raw.wholeMatch(of: /[0-9a-f]{64}\n/) != nil)
        #expect(try here.works("account", "key", anna, "--recovery-key-file", "-", input: key).output == raw)
        #expect(
            try here.works("account", "check", anna, "--own-password-file", "-", input: "a good one").output
                .contains("sound"))
        let checks = try here.works("account", "check", anna, "--json").json([ClosedCheck].self)
        #expect(checks.first?.checkedWhole != nil && checks.first?.closed == true && checks.first?.pages ?? 0 > 10)

        let recovery = here.folder.file("recovery.txt")
        _ = try here.works(
            "account", "recovery-key", anna, "--recovery-key-file", "-", "--recovery-key-output", recovery, input: key)
        try here.fails("account", "key", anna, "--recovery-key-file", "-", saying: "renewed", input: key)
        let new = try here.works("account", "password", anna, "--generate", "--recovery-key-file", recovery).output
        try here.fails(
            "account", "key", anna, "--own-password-file", "-", saying: "not the password", input: "a good one")
        #expect(try here.works("account", "key", anna, "--own-password-file", "-", input: new).output == raw)

        let reset = try here.works("account", "password", anna, "--generate", "--lose-old-mail")
        let lines = reset.output.split(separator: "\n").map(String.init)
        #expect(lines.count == 2 && reset.errors.contains("/replaced/"))
        try here.fails("account", "key", anna, "--recovery-key-file", recovery, saying: "renewed")
        #expect(try here.works("account", "key", anna, "--own-password-file", "-", input: lines[0]).output != raw)
        _ = try here.works("health")
        _ = try here.works("account", "unprotect", anna, input: lines[0])
        _ = try here.works("account", "key", anna)
        try here.fails("account", "unprotect", anna, saying: "not a zero-access account", input: lines[0])
        _ = try here.works("account", "remove", anna, "--yes")
    }
}
