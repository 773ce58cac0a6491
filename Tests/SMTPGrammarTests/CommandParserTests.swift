// SPDX-License-Identifier: Apache-2.0

import SMTPGrammar
import Testing

private func parse(_ line: String) throws(SMTPCommandError) -> SMTPCommand {
    try CommandParser.parse(Array(line.utf8))
}

private func mailbox(_ local: String, _ domain: String) -> SMTPMailbox {
    SMTPMailbox(localPart: local, domain: domain)
}

@Suite struct CommandParserTests {
    @Test func commands() throws {
        #expect(try parse("EHLO mail.example.org") == .ehlo("mail.example.org"))
        #expect(try parse("helo my_pc") == .helo("my_pc"))
        #expect(try parse("EHLO [192.0.2.1]") == .ehlo("[192.0.2.1]"))
        #expect(try parse("ehlo [IPv6:2001:db8::1] ") == .ehlo("[IPv6:2001:db8::1]"))
        #expect(try parse("data") == .data)
        #expect(try parse("RSET ") == .rset)
        #expect(try parse("NOOP anything at all") == .noop)
        #expect(try parse("VRFY root") == .vrfy)
        #expect(try parse("HELP") == .help)
        #expect(try parse("QUIT") == .quit)
        #expect(try parse("StartTLS") == .startTLS)
        #expect(try parse("BDAT 0 LAST") == .bdat(size: 0, last: true))
        #expect(try parse("bdat 1000 last") == .bdat(size: 1000, last: true))
        #expect(try parse("BDAT 86") == .bdat(size: 86, last: false))
        #expect(try parse("AUTH PLAIN AGEAYg==") == .auth(mechanism: "PLAIN", initialResponse: Array("AGEAYg==".utf8)))
        #expect(try parse("auth LOGIN") == .auth(mechanism: "LOGIN", initialResponse: nil))
    }

    @Test func mail() throws {
        #expect(try parse("MAIL FROM:<>") == .mail(.null, MailParameters()))
        #expect(try parse("mail from: <a@b.c> ") == .mail(.mailbox(mailbox("a", "b.c")), MailParameters()))
        #expect(
            try parse("MAIL FROM:<a@b.c> SIZE=10 body=8bitmime SMTPUTF8 AUTH=<>")
                == .mail(
                    .mailbox(mailbox("a", "b.c")),
                    MailParameters(size: 10, body: .eightBitMIME, smtpUTF8: true, submitter: "<>")))
        #expect(
            try parse("MAIL FROM:<a@b.c> AUTH=e+3Dmc2@example.com")
                == .mail(.mailbox(mailbox("a", "b.c")), MailParameters(submitter: "e=mc2@example.com")))
    }

    @Test(arguments: [
        ("RCPT TO:<bob@example.org>", ForwardPath.mailbox(mailbox("bob", "example.org"))),
        ("RCPT TO:<Postmaster>", .postmaster),
        ("RCPT TO:<POSTMASTER@Example.org>", .mailbox(mailbox("POSTMASTER", "Example.org"))),
        ("RCPT TO:<@a.example,@b.example:bob@example.org>", .mailbox(mailbox("bob", "example.org"))),
        (#"RCPT TO:<"bob b"@example.org>"#, .mailbox(mailbox("bob b", "example.org"))),
        (#"RCPT TO:<"b\"\\ob@x"@example.org>"#, .mailbox(mailbox(#"b"\ob@x"#, "example.org"))),
        ("RCPT TO:<bob@[192.0.2.1]>", .mailbox(mailbox("bob", "[192.0.2.1]"))),
        ("RCPT TO:<jürgen@bücher.example>", .mailbox(mailbox("jürgen", "bücher.example"))),
        ("RCPT TO:<a+tag=x!#$%&'*/?^_`{|}~-@x>", .mailbox(mailbox("a+tag=x!#$%&'*/?^_`{|}~-", "x"))),
    ])
    func paths(line: String, path: ForwardPath) throws {
        #expect(try parse(line) == .rcpt(path))
    }

    @Test(arguments: [
        "RCPT TO:bob@example.org", "RCPT TO:<bob>", "RCPT TO:<@example.org>", "RCPT TO:<bob@>", "RCPT TO:<>",
        "RCPT TO:<bob@@example.org>", "RCPT TO:<bob.@example.org>", "RCPT TO:<.bob@example.org>",
        "RCPT TO:<b..ob@example.org>", "RCPT TO:<bob@example..org>", "RCPT TO:<bob@-example.org>",
        "RCPT TO:<bob@example.org->", "RCPT TO:<bob@example.org.>", "RCPT TO:<bob@[192.0.2.1>", "RCPT TO:<bob@[]>",
        "RCPT TO:<b ob@example.org>", #"RCPT TO:<"bob@example.org>"#, #"RCPT TO:<""@example.org>"#,
        "RCPT TO:<bob@example.org", "RCPT TO:<bob@example.org>x", "RCPT <bob@example.org>", "RCPT", "RCPT TO:",
        "RCPT TO:<@a.example bob@example.org>", "MAIL FROM:", "MAIL FROM:<a@b> SIZE=", "MAIL FROM:<a@b> SIZE=-1",
        "MAIL FROM:<a@b> SIZE=1234567890123456789", "MAIL FROM:<a@b> SIZE=1 SIZE=1", "MAIL FROM:<a@b> BODY",
        "MAIL FROM:<a@b> SMTPUTF8=1", "MAIL FROM:<a@b> AUTH=a+4", "EHLO", "EHLO a b", "HELO <x>", "EHLO a\"b",
        "DATA now", "QUIT now", "AUTH", "AUTH PLAIN a b",
    ])
    func syntaxErrors(_ line: String) {
        let error = #expect(throws: SMTPCommandError.self) { try parse(line) }
        guard case .syntax? = error else {
            Issue.record("\(line): \(String(describing: error))")
            return
        }
    }

    @Test(arguments: [
        ("", SMTPCommandError.unknownCommand), ("FOO", .unknownCommand), (" NOOP", .unknownCommand),
        ("EXPN list", .notImplemented), ("NOOP\nRSET", .controlCharacter), ("NOOP a\rb", .controlCharacter),
        ("MAIL FROM:<a\0@b>", .controlCharacter), ("MAIL\tFROM:<a@b>", .controlCharacter),
        ("MAIL FROM:<a@b> RET=FULL", .unsupportedParameter("RET")),
        ("MAIL FROM:<a@b> BODY=BINARYMIME", .unsupportedParameter("BODY=BINARYMIME")),
        ("RCPT TO:<a@b> NOTIFY=NEVER", .unsupportedParameter("NOTIFY")),
        ("BDAT", .unreadableChunkSize), ("BDAT x", .unreadableChunkSize), ("BDAT -1", .unreadableChunkSize),
        ("BDAT 1 FIRST", .unreadableChunkSize), ("BDAT 9999999999999999999", .unreadableChunkSize),
    ])
    func otherErrors(line: String, expected: SMTPCommandError) {
        #expect(throws: expected) { try parse(line) }
    }

    @Test func notUTF8() {
        #expect(throws: SMTPCommandError.self) {
            try CommandParser.parse(Array("RCPT TO:<b".utf8) + [0xFF] + Array("@example.org>".utf8))
        }
        // U+0085, a control character in two octets
        #expect(throws: SMTPCommandError.self) { try parse("RCPT TO:<b\u{85}@example.org>") }
    }

    @Test func limitsPlusMinusOne() throws {
        let label = String(repeating: "d", count: 63)
        _ = try parse("RCPT TO:<\(String(repeating: "l", count: 255))@\(label).org>")
        #expect(throws: SMTPCommandError.self) { try parse("RCPT TO:<\(String(repeating: "l", count: 256))@x>") }
        #expect(throws: SMTPCommandError.self) { try parse("RCPT TO:<a@\(label)d.org>") }
        let longest = Array(repeating: label, count: 4).joined(separator: ".")
        _ = try parse("RCPT TO:<a@\(longest)>")
        #expect(throws: SMTPCommandError.self) { try parse("RCPT TO:<a@\(longest).x>") }
        _ = try parse("NOOP " + String(repeating: "x", count: 2_043))
        #expect(throws: SMTPCommandError.lineTooLong) { try parse("NOOP " + String(repeating: "x", count: 2_044)) }
        _ = try parse("AUTH PLAIN " + String(repeating: "x", count: 12_277))
    }

    @Test func truncatedNeverTraps() {
        let lines = [
            #"MAIL FROM:<@a,@b:"x\"y"@[IPv6:::1]> SIZE=1 BODY=7BIT SMTPUTF8 AUTH=a+3Db"#, "RCPT TO:<é@ü.example>",
            "BDAT 12 LAST", "AUTH PLAIN AAAA", "EHLO [x]",
        ]
        for line in lines {
            let bytes = Array(line.utf8)
            for end in 0...bytes.count { _ = try? CommandParser.parse(bytes[..<end]) }
            for index in bytes.indices {
                for byte in UInt8.min...UInt8.max {
                    var changed = bytes
                    changed[index] = byte
                    _ = try? CommandParser.parse(changed)
                }
            }
        }
    }

    @Test func roundTrip() throws {
        let commands: [SMTPCommand] = [
            .ehlo("mail.example.org"), .helo("x"), .mail(.null, MailParameters()),
            .mail(
                .mailbox(mailbox(#"a "b\"#, "b.c")),
                MailParameters(size: 9, body: .sevenBit, smtpUTF8: true, submitter: "a+b=c")),
            .rcpt(.postmaster), .rcpt(.mailbox(mailbox("é", "ü.example"))), .data, .bdat(size: 3, last: false),
            .bdat(size: 3, last: true), .rset, .noop, .quit, .vrfy, .help, .startTLS,
            .auth(mechanism: "PLAIN", initialResponse: Array("AAAA".utf8)),
            .auth(mechanism: "LOGIN", initialResponse: nil),
        ]
        for command in commands {
            let wire = command.encoded()
            #expect(wire.suffix(2) == [0x0D, 0x0A])
            #expect(try CommandParser.parse(wire.dropLast(2)) == command)
        }
        let secret = SMTPCommand.auth(mechanism: "PLAIN", initialResponse: Array("c2VjcmV0".utf8))
        #expect(!String(decoding: secret.encoded(redacted: true), as: UTF8.self).contains("c2VjcmV0"))
    }
}
