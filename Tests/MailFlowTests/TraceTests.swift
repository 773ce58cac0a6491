// SPDX-License-Identifier: Apache-2.0

import MailFormat
import Testing

@testable import MailFlow

@Suite struct TraceTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func scanSeesEveryField() {
        let content = bytes("A: 1\r\n two\r\nb :x\r\nno field here\r\nFrom: a@b.c\r\n\r\nFrom: body\r\n")
        let fields = Array(HeaderScan(content))
        #expect(fields.map(\.name) == ["a", "b", "from"])
        #expect(fields.map { String(decoding: content[$0.body], as: UTF8.self) } == [" 1\r\n two", "x", " a@b.c"])
        #expect(String(decoding: content[fields[0].range], as: UTF8.self) == "A: 1\r\n two\r\n")
    }

    @Test(arguments: ["", "\r\n", "no header", ":\r\n", "a", "a:", "\r\nFrom: x\r\n", " : \r\n", "\t\r\n x"])
    func scanOfOddities(_ text: String) {
        for field in HeaderScan(bytes(text)) {
            #expect(field.body.lowerBound <= field.body.upperBound)
            #expect(field.range.upperBound <= text.utf8.count)
        }
    }

    @Test func forgedResultsGoOthersStay() {
        let kept = "Received: x\r\nAuthentication-Results: other.example; spf=pass\r\n"
        let forged = [
            "Authentication-Results: mx.example.org; dkim=pass\r\n",
            "authentication-results : MX.Example.ORG. 1; dkim=pass\r\n spf=pass\r\n",
            "Authentication-Results: (hi (there\\)) ) \r\n \"mx.example.org\"; none\r\n",
            "Authentication-Results: mx.example.org(comment); none\r\n",
            "Authentication-Results: mx.example.org/1; dkim=pass\r\n",
            "Authentication-Results: mx.example.org\\; dkim=pass\r\n",
            "Authentication-Results: mx.example.org, x; dkim=pass\r\n",
            "Authentication-Results: mx.example.org",
        ]
        for field in forged.dropLast() {
            let content = bytes(kept + field + "Subject: s\r\n\r\nAuthentication-Results: mx.example.org; body\r\n")
            let result = String(
                decoding: ForgedResults.removed(from: content, hostname: "mx.example.org"), as: UTF8.self)
            #expect(result == kept + "Subject: s\r\n\r\nAuthentication-Results: mx.example.org; body\r\n")
        }
        #expect(ForgedResults.removed(from: bytes(forged[forged.count - 1]), hostname: "mx.example.org").isEmpty)
        for other in ["mx.example.org.evil.example; x", "amx.example.org; x", "", ";", "(", "\"", "\\"] {
            let content = bytes("Authentication-Results: \(other)\r\n\r\n")
            #expect(ForgedResults.removed(from: content, hostname: "mx.example.org") == content)
        }
    }

    @Test func receivedLine() throws {
        let anna = try #require(MailAddress(parsing: "anna@example.org"))
        let bob = try #require(MailAddress(parsing: "bob@example.org"))
        func line(_ recipients: [MailAddress], _ address: String) -> String {
            TraceLines.received(
                IncomingMessage(
                    id: "ID", origin: .exchange,
                    client: IncomingMessage.Client(address: address, name: "h.example", protocolName: "ESMTPS"),
                    reversePath: "", recipients: recipients.map { Recipient(address: $0, route: .remote) }, content: []),
                hostname: "mx.example.org", date: "DATE")
        }
        #expect(
            line([anna], "192.0.2.1") == "Received: from h.example ([192.0.2.1])\r\n"
                + "\tby mx.example.org with ESMTPS id ID\r\n\tfor <anna@example.org>; DATE\r\n")
        #expect(
            line([anna, bob], "2001:db8::1") == "Received: from h.example ([IPv6:2001:db8::1])\r\n"
                + "\tby mx.example.org with ESMTPS id ID; DATE\r\n")
        #expect(TraceLines.returnPath("") == "Return-Path: <>\r\n")
    }

    @Test func namesDiffer() {
        #expect(MessageName.make().utf8.count == 16)
        #expect(MessageName.make() != MessageName.make())
    }
}
