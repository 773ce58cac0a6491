// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import MailFormat

@Suite struct PackedTests {
    private static let message = Array(
        """
        From: =?utf-8?Q?J=C3=BCrg?= <juerg@example.org>, Friends: a@b, "C, D" <c@d>;\r
        Sender: Secretary <s@example.org>\r
        Reply-To: undisclosed\r
        Subject: Grüße 안녕\r
        In-Reply-To: <0@x>\r
        Message-ID: <1@x>\r
        Content-Type: multipart/mixed; boundary=o\r
        \r
        --o\r
        Content-Type: text/plain; charset=utf-8; format=flowed\r
        Content-Transfer-Encoding: x-own\r
        Content-Language: de, en\r
        \r
        text\r
        --o\r
        Content-Type: message/rfc822\r
        Content-Disposition: attachment; filename*=utf-8''%e2%82%ac.eml\r
        Content-ID: <part@x>\r
        Content-Description: another\r
        Content-MD5: Q2hlY2s=\r
        Content-Location: http://example.org/\r
        \r
        Subject: inside\r
        Date: Tue, 24 Nov 2026 10:00:00 +0100\r
        \r
        body\r
        --o--\r

        """.utf8)

    @Test func comesBack() {
        let part = MIMEPart(parsing: Self.message)
        let packed = part.packed
        #expect(part.children.count == 2 && part.children[1].children.first?.envelope?.subject == "inside")
        #expect(MIMEPart(packed: packed, size: Self.message.count) == part)
        #expect(packed.count < 700)
    }

    @Test func deepestNesting() {
        var text = ""
        for level in 0..<150 { text += "Content-Type: multipart/mixed; boundary=b\(level)\r\n\r\n--b\(level)\r\n" }
        let bytes = Array(text.utf8)
        let part = MIMEPart(parsing: bytes)
        #expect(MIMEPart(packed: part.packed, size: bytes.count) == part)
    }

    @Test func whatIsCutOrGoesOnIsNone() {
        let packed = MIMEPart(parsing: Self.message).packed
        for count in 0..<packed.count {
            #expect(MIMEPart(packed: Array(packed.prefix(count)), size: Self.message.count) == nil, "\(count)")
        }
        #expect(MIMEPart(packed: packed + [0], size: Self.message.count) == nil)
        // A message that is shorter than the ranges say.
        #expect(MIMEPart(packed: packed, size: Self.message.count - 1) == nil)
    }

    @Test(
        arguments: [
            [0, 1, 0x41, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
            [0, 1, 0x41, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
            [0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
            [0, 1, 0x41, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F],
            [0, 1, 0x41, 0, 6, 0, 0, 0, 0, 0],
            [UInt8](repeating: 64, count: 5_000),
        ] as [[UInt8]])
    func hostileNumbersAreNone(bytes: [UInt8]) {
        #expect(MIMEPart(packed: bytes, size: .max) == nil)
        #expect(MIMEPart(packed: bytes, size: 0) == nil)
    }
}
