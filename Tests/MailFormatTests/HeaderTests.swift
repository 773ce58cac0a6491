// SPDX-License-Identifier: Apache-2.0
import MailFormat
import Testing

struct HeaderTests {
    @Test func foldedFieldsAndTheirBytes() throws {
        let message = Array(
            "From: a\r\nSubject: one\r\n two\r\n\tthree\r\nno field here\r\nX : y\n\r\nbody: no\r\n".utf8)
        let header = MessageHeader(message)
        #expect(header.fields.map(\.name) == ["From", "Subject", "", "X"])
        #expect(header.text("subject", in: message) == "one two\tthree")
        #expect(header.text("x", in: message) == "y")
        #expect(String(decoding: message[header.range.upperBound...], as: UTF8.self) == "body: no\r\n")
        let raw = try #require(header.first("Subject")).raw
        #expect(String(decoding: message[raw], as: UTF8.self) == "Subject: one\r\n two\r\n\tthree\r\n")
    }

    @Test(arguments: ["", "\r\n", "\r\nbody", "no end", "A:", "A:\r\n", ":", " folded first\r\nA: b\r\n\r\n"])
    func anythingHasAHeader(text: String) {
        let message = Array(text.utf8)
        let header = MessageHeader(message)
        #expect(header.range.upperBound <= message.count)
        for field in header.fields {
            #expect(field.raw.upperBound <= message.count && field.body.upperBound <= field.raw.upperBound)
        }
    }

    /// RFC 2047 section 8.
    @Test(arguments: [
        ("=?ISO-8859-1?Q?a?=", "a"), ("=?ISO-8859-1?Q?a?= b", "a b"), ("=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"),
        ("=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=", "ab"), ("=?ISO-8859-1?Q?a_b?=", "a b"),
        ("=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b"), ("=?US-ASCII?Q?Keith_Moore?=", "Keith Moore"),
        ("=?ISO-8859-1?Q?Andr=E9?= Pirard", "André Pirard"),
        (
            "=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?= =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
            "If you can read this you understand the example."
        ),
        ("=?euc-kr?B?yLG15r+k?=", "홧득엘"), ("=?iso-2022-jp?B?GyRCRnxLXDhsGyhC?=", "日本語"),
        ("=?utf-8?Q?=EC=95=88?= =?utf-8?Q?=EB=85=95?=", "안녕"),
        ("=?utf-8?B?7JU=?= =?utf-8?B?iA==?=", "안"), ("=?x?Q?", "=?x?Q?"), ("a =? b", "a =? b"),
    ])
    func encodedWords(text: String, decoded: String) { #expect(EncodedWord.decode(text) == decoded) }

    /// RFC 5322 appendix A.1.2, A.1.3, A.6.1, A.6.3 and forms met.
    @Test func addressLists() {
        func all(_ text: String) -> [String] {
            AddressList.parse(text).map {
                switch $0 {
                case .mailbox(let entry): "\(entry.displayName ?? "-")|\(entry.localPart)|\(entry.domain)"
                case .groupStart(let name): "\(name):"
                case .groupEnd: ";"
                }
            }
        }
        #expect(all("\"Joe Q. Public\" <john.q.public@example.com>") == ["Joe Q. Public|john.q.public|example.com"])
        #expect(
            all("Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>") == [
                "Mary Smith|mary|x.test", "-|jdoe|example.org", "Who?|one|y.test",
            ])
        #expect(
            all("<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>") == [
                "-|boss|nil.test", "Giant; \"Big\" Box|sysservices|example.net",
            ])
        #expect(
            all("A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;") == [
                "A Group:", "Ed Jones|c|a.test", "-|joe|where.test", "John|jdoe|one.test", ";",
            ])
        #expect(all("Undisclosed recipients:;") == ["Undisclosed recipients:", ";"])
        #expect(all("Joe <@node.test,@other.test:joe@x.test>") == ["Joe|joe|x.test"])
        #expect(all("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>") == ["Pete|pete|silly.test"])
        #expect(all("jdoe@test  . example (John)") == ["John|jdoe|test.example"])
        #expect(all("nobody") == ["-|nobody|"])
        #expect(all("") == [] && all(",,;") == [])
    }

    @Test(arguments: [
        ("Fri, 21 Nov 1997 09:55:06 -0600", 880_127_706, "Fri, 21 Nov 1997 09:55:06 -0600"),
        ("21 Nov 97 09:55:06 GMT", 880_106_106, "Fri, 21 Nov 1997 09:55:06 +0000"),
        (
            "Thu,\r\n 13\r\n Feb\r\n 1969\r\n 23:32\r\n -0330 (Newfoundland Time)", -27_723_480,
            "Thu, 13 Feb 1969 23:32:00 -0330"
        ),
        ("Tue, 29 Feb 2028 00:00:00 +0900", 1_835_362_800, "Tue, 29 Feb 2028 00:00:00 +0900"),
        ("1 Jan 1970 00:00:00 EST", 18_000, "Thu, 1 Jan 1970 00:00:00 -0500"),
    ])
    func dates(text: String, seconds: Int64, formatted: String) throws {
        let date = try #require(DateTime(parsing: text))
        #expect(date.seconds == seconds)
        #expect(date.description == formatted)
    }

    @Test(arguments: [
        "", "today", "32 Jan 2000 00:00", "1 Foo 2000 00:00", "1 Jan 2000", "1 Jan 2000 25:00:00 +0000",
        "99999999999 Jan 2000 1:1:1",
    ])
    func noDates(text: String) { #expect(DateTime(parsing: text) == nil) }

    @Test(
        arguments: [
            (0, "Thu, 1 Jan 1970 00:00:00 +0000"), (1_795_494_019, "Tue, 24 Nov 2026 04:20:19 +0000"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 +0000"), (-1, "Wed, 31 Dec 1969 23:59:59 +0000"),
            (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 +0000"),
        ] as [(Int64, String)])
    func written(seconds: Int64, text: String) { #expect(DateTime(seconds: seconds).description == text) }
}
