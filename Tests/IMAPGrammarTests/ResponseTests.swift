// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import IMAPGrammar

@Suite struct ResponseTests {
    static func written(_ body: (inout ResponseEncoder) -> Void) -> String {
        var encoder = ResponseEncoder()
        body(&encoder)
        return String(decoding: encoder.take(), as: UTF8.self)
    }

    @Test(arguments: [
        ("abc", "\"abc\""), ("", "\"\""), ("a\"b\\c", "\"a\\\"b\\\\c\""), ("a\r\nb", "{4}\r\na\r\nb"),
        ("ü", "{2}\r\nü"),
    ])
    func stringsAreQuotedOrLiterals(value: String, text: String) { #expect(Self.written { $0.string(value) } == text) }

    @Test func nothingIsNIL() { #expect(Self.written { $0.string(nil as String?) } == "NIL") }

    @Test(arguments: [
        ("INBOX", "INBOX", "INBOX"), ("a b", "\"a b\"", "\"a b\""), ("NIL", "\"NIL\"", "\"NIL\""), ("", "\"\"", "\"\""),
        ("Entwürfe", "Entw&APw-rfe", "\"Entwürfe\""), ("a&b", "a&-b", "a&b"), ("台北", "&U,BTFw-", "\"台北\""),
        ("x\"y", "\"x\\\"y\"", "\"x\\\"y\""),
    ])
    func mailboxNames(name: String, rev1: String, rev2: String) {
        #expect(Self.written { $0.mailbox(name, isUTF8: false) } == rev1)
        #expect(Self.written { $0.mailbox(name, isUTF8: true) } == rev2)
    }

    @Test func literalsTellTheirSize() {
        #expect(Self.written { $0.literal([0x61, 0x62]) } == "{2}\r\nab")
        #expect(Self.written { $0.literal([0x61, 0x00], isBinary: true) } == "~{2}\r\na\0")
    }

    @Test func setsAreShort() {
        #expect(SequenceSet.text([1...3, 7...7]) == "1:3,7")
        #expect(SequenceSet.ranges([(5, nil), (nil, 2)]).resolved(highest: 4) == [4...5, 2...4])
    }

    @Test(arguments: ["a", "äöü", "~peter/mail/台北/日本語", "&", "a&b&", "\u{1F600}x", "a\u{7F}\u{1}"])
    func modifiedUTF7GoesBothWays(name: String) {
        let encoded = ModifiedUTF7.encode(name)
        #expect(encoded.utf8.allSatisfy { (0x20...0x7E).contains($0) })
        #expect(ModifiedUTF7.decode(encoded.utf8) == name)
    }

    /// An end without `-`, padding, a lone surrogate, foreign characters, half a code unit.
    @Test(arguments: ["&AMQ", "&AMQ=-", "&2D0-", "&@-", "&A-"])
    func modifiedUTF7IsStrict(text: String) { #expect(ModifiedUTF7.decode(text.utf8) == nil) }
}
