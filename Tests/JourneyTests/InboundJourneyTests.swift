// SPDX-License-Identifier: Apache-2.0
import DNSClient
import Foundation
import Testing

/// The walk of docs/follow-a-message.md: a stranger's server brings a message for Anna, and Anna's phone reads it.
@Suite struct InboundJourneyTests {
    static let dns: [String: [TableResolver.Entry]] = [
        "elsewhere.example": [.txt("v=spf1 ip4:198.51.100.7 -all")],
        "_dmarc.elsewhere.example": [.txt("v=DMARC1; p=reject")],
    ]

    static let message = [
        "From: Carol <carol@elsewhere.example>", "To: anna@example.org", "Subject: Dinner",
        "Authentication-Results: mx.example.org; dkim=pass header.d=bank.example", "", "At eight?", "..", ".",
    ]

    static func bring(to recipient: String) -> [String] {
        ["EHLO mail.elsewhere.example", "MAIL FROM:<carol@elsewhere.example>", "RCPT TO:<\(recipient)>", "DATA"]
            + message
    }

    @Test func aMessageArrives() async throws {
        // 1. and 2. A connection arrives, and SMTPServer speaks.
        let stage = try await Stage(dns: Self.dns)
        let answers = await stage.smtp(from: "198.51.100.7", Self.bring(to: "Anna@Example.org"))

        // 3. and 4. The message was believed and stored before the sender read 250; nothing waits in the spool.
        #expect(answers.split(separator: "\r\n").last?.hasPrefix("250 2.0.0") == true, "\(answers)")
        #expect(try await stage.queue.depth().deliveries == 0)
        #expect(stage.announced == [stage.anna])

        // 5. IMAPServer answers.
        let read = try await stage.imap([
            "a LOGIN anna@example.org \"\(Stage.password)\"", "b SELECT INBOX", "c FETCH 1 (UID ENVELOPE BODY.PEEK[])",
            "d LOGOUT",
        ])
        #expect(read.contains("* 1 EXISTS\r\n") && read.contains("a OK") && read.contains("\"Dinner\""))
        #expect(
            read.contains(
                "Return-Path: <carol@elsewhere.example>\r\nAuthentication-Results: mx.example.org;\r\n\tspf=pass"))
        #expect(read.contains("dmarc=pass (p=reject) header.from=elsewhere.example"))
        #expect(read.contains("Received: from mail.elsewhere.example ([198.51.100.7])"))
        #expect(read.contains("for <anna@example.org>") || read.contains("for <Anna@example.org>"))
        #expect(!read.contains("bank.example"), "a forged result was left in")
        #expect(read.contains("\r\n\r\nAt eight?\r\n.\r\n"))
    }

    @Test func aForgedAuthorIsRefusedWhileTheSenderWaits() async throws {
        let stage = try await Stage(dns: Self.dns)
        let answers = await stage.smtp(from: "203.0.113.9", Self.bring(to: "anna@example.org"))
        #expect(answers.split(separator: "\r\n").last?.hasPrefix("550 5.7.1") == true, "\(answers)")
        #expect(stage.announced == [])
    }

    /// What the operator sets holds for the next message, and what Anna deletes makes room for the one after it.
    @Test func aFullMailboxMakesOthersWait() async throws {
        let stage = try await Stage(dns: Self.dns)
        /// The answers to RCPT and to the end of the message.
        func bring(_ announced: String = "") async -> [String] {
            var lines = Self.bring(to: "anna@example.org")
            lines[1] += announced
            let answers = await stage.smtp(from: "198.51.100.7", lines).split(separator: "\r\n")
            return answers.filter { $0.hasPrefix("250 2.1.5") || $0.hasPrefix("250 2.0.0") || $0.hasPrefix("452") }
                .map { String($0.prefix(9)) }
        }
        #expect(await bring() == ["250 2.1.5", "250 2.0.0"])
        let size = try await stage.accounts.store(for: stage.anna).use().bytes
        try await stage.directory.setQuota(domain: "example.org", to: size * 3 / 2, by: "test")
        #expect(await bring(" SIZE=\(size)") == ["452 4.2.2"])
        #expect(await bring() == ["250 2.1.5", "452 4.2.2"])
        try await stage.directory.setQuota(domain: "example.org", to: size * 2, by: "test")
        #expect(await bring() == ["250 2.1.5", "250 2.0.0"])
        #expect(await bring() == ["452 4.2.2"])
        #expect(try await stage.queue.depth().deliveries == 0)

        let read = try await stage.imap([
            "a LOGIN anna@example.org \"\(Stage.password)\"", "b SELECT INBOX", "c GETQUOTAROOT INBOX",
            "d FETCH 3 BODY.PEEK[]", "e STORE 1:* +FLAGS (\\Deleted)", "f EXPUNGE", "g LOGOUT",
        ])
        #expect(read.contains("* QUOTA Account (STORAGE "))
        #expect(read.contains("* 3 EXISTS") && read.contains("Subject: Your mailbox is nearly full\r\n"))
        #expect(await bring() == ["250 2.1.5", "250 2.0.0"])
    }

    @Test func nobodyOfThatNameIsSaidAtOnceAndNothingIsRelayed() async throws {
        let stage = try await Stage(dns: Self.dns)
        let answers = await stage.smtp(
            from: "198.51.100.7",
            [
                "EHLO x.example", "MAIL FROM:<carol@elsewhere.example>", "RCPT TO:<nobody@example.org>",
                "RCPT TO:<dave@third.example>", "DATA",
            ])
        let codes = answers.split(separator: "\r\n").suffix(3).map { String($0.prefix(9)) }
        #expect(
            codes == ["550 5.1.1", "550 5.7.1", "503 5.5.1"] || codes.prefix(2) == ["550 5.1.1", "550 5.7.1"],
            "\(answers)")
    }

    /// A volume that is not mounted sends nobody's mail back: it waits until the file is there again.
    @Test func aFileThatIsAwayMakesMailWait() async throws {
        let stage = try await Stage(dns: Self.dns)
        let path = try stage.directory.currentFile(of: stage.anna).path(in: stage.accounts.root)
        try #require(rename(path, path + ".away") == 0)
        let answers = await stage.smtp(from: "198.51.100.7", Self.bring(to: "anna@example.org"))
        #expect(answers.split(separator: "\r\n").last?.hasPrefix("250 2.0.0") == true, "\(answers)")
        let local = stage.localDeliveries()
        #expect(await local.workOnce())
        #expect(try await stage.queue.depth().deliveries == 1)
        #expect(try await stage.queue.take(.remote, owner: "test") == nil, "sent back")

        try #require(rename(path + ".away", path) == 0)
        #expect(try await stage.queue.retry() == 1)
        #expect(await local.workOnce())
        #expect(try await stage.queue.depth().deliveries == 0)
        #expect(try await stage.accounts.store(for: stage.anna).status(of: .inbox).messages == 1)
    }
}
