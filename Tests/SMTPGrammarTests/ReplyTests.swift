// SPDX-License-Identifier: Apache-2.0

import SMTPGrammar
import Testing

@Suite struct ReplyTests {
    private func parse(_ text: String) throws -> [SMTPReply] {
        var parser = SMTPReplyParser()
        parser.append(Array(text.utf8))
        var replies: [SMTPReply] = []
        while let reply = try parser.next() { replies.append(reply) }
        return replies
    }

    private let samples = [
        SMTPReply(220, "mail.example.org ESMTP"),
        SMTPReply(250, lines: ["mail.example.org", "SIZE 1000", "PIPELINING"]),
        SMTPReply(550, EnhancedStatusCode(5, 1, 1), "No such recipient"),
        SMTPReply(451, EnhancedStatusCode(4, 3, 0), lines: ["Try", "again"]),
        SMTPReply(354, "Go on"),
        SMTPReply(250, ""),
    ]

    @Test func roundTripAtEverySplitPoint() throws {
        let wire = samples.flatMap { $0.encoded() }
        for cut in 0...wire.count {
            var parser = SMTPReplyParser()
            var replies: [SMTPReply] = []
            for piece in [wire[..<cut], wire[cut...]] {
                parser.append(piece)
                while let reply = try parser.next() { replies.append(reply) }
            }
            #expect(replies == samples)
            #expect(!parser.hasPendingInput)
        }
    }

    @Test func wireForm() {
        let reply = SMTPReply(552, EnhancedStatusCode(5, 3, 4), lines: ["Too", "large"])
        #expect(String(decoding: reply.encoded(), as: UTF8.self) == "552-5.3.4 Too\r\n552 5.3.4 large\r\n")
    }

    @Test func textCannotAddALine() {
        let reply = SMTPReply(550, EnhancedStatusCode(5, 0, 0), "a\r\n250 ok\0é")
        let wire = String(decoding: reply.encoded(), as: UTF8.self)
        #expect(wire == "550 5.0.0 a??250 ok???\r\n")
    }

    @Test(arguments: [
        "hello\r\n", "25\r\n", "199 x\r\n", "600 x\r\n", "250x\r\n", "250 ok\n", "250-a\r\n251 b\r\n", "\r\n", "\n",
        "250 a\rb\r\n", "250 a\0\r\n",
    ])
    func malformed(_ text: String) {
        #expect(throws: SMTPReplyError.malformed) { try parse(text) }
    }

    @Test func limits() throws {
        #expect(try parse("250 " + String(repeating: "x", count: 4_092) + "\r\n").count == 1)
        #expect(throws: SMTPReplyError.tooLong) { try parse("250 " + String(repeating: "x", count: 4_093) + "\r\n") }
        #expect(throws: SMTPReplyError.tooLong) { try parse(String(repeating: "x", count: 4_098)) }
        #expect(try parse(String(repeating: "250-x\r\n", count: 127) + "250 x\r\n").count == 1)
        #expect(throws: SMTPReplyError.tooLong) { try parse(String(repeating: "250-x\r\n", count: 129)) }
    }

    @Test func pendingInputAfterAReplyIsSeen() throws {
        var parser = SMTPReplyParser()
        parser.append(Array("220 go\r\n250 injected\r\n".utf8))
        _ = try parser.next()
        #expect(parser.hasPendingInput)
    }

    @Test func enhancedCodeOfAnotherClassStaysText() throws {
        #expect(try parse("250 5.1.1 odd\r\n")[0] == SMTPReply(250, "5.1.1 odd"))
        #expect(try parse("550 5.1.1\r\n")[0] == SMTPReply(550, EnhancedStatusCode(5, 1, 1), ""))
    }

    @Test func extensions() {
        let reply = SMTPReply(
            250, lines: ["host", "size 1000", "STARTTLS", "AUTH PLAIN login", "AUTH=CRAM-MD5", "", "8BITMIME"])
        let extensions = SMTPExtensions(reply)
        #expect(extensions.maximumSize == 1000)
        #expect(extensions.startTLS)
        #expect(extensions.eightBitMIME)
        #expect(!extensions.smtpUTF8)
        #expect(extensions.mechanisms == ["PLAIN", "LOGIN", "CRAM-MD5"])
        #expect(SMTPExtensions(SMTPReply(250, lines: ["h", "SIZE 0"])).maximumSize == nil)
    }
}
