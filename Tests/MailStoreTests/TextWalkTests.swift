// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import MailFormat
import Synchronization
import Testing

@testable import MailStore

/// Texts in pieces are what they are in one: wherever the pieces end, whatever the encoding.
@Suite struct TextWalkTests {
    @Test(arguments: [
        "Plain words,  and  more\r\n of them", "cafe\u{301} noir\u{316}\u{301} x", "明日の東京\r\n都庁で か\u{3099}会議",
        "\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF} 한글", "ﾊﾞｽ ﾃﾞｽ", "Donau\u{AD}dampf\u{200B} \u{200B}\r\n schiff",
        " ", "",
    ])
    func foldingIsTheSameAtEverySplit(text: String) {
        let scalars = Array(text.unicodeScalars)
        func utf8(_ part: some Sequence<Unicode.Scalar>) -> [UInt8] { part.flatMap { Array(String($0).utf8) } }
        for split in 0...scalars.count {
            var stream = FoldedStream()
            let parts = [utf8(scalars[..<split]), utf8(scalars[split...])]
            #expect(
                withoutEnd(parts.flatMap { stream.add($0) } + stream.endOfText()) == withoutEnd(TextFolding.fold(text)))
        }
        var stream = FoldedStream()
        let folded = scalars.flatMap { stream.add(utf8([$0])) } + stream.endOfText()
        #expect(withoutEnd(folded) == withoutEnd(TextFolding.fold(text)))
    }

    private func withoutEnd(_ folded: [UInt8]) -> String {
        let text = String(decoding: folded, as: UTF8.self)
        return text.hasSuffix(" ") ? String(text.dropLast()) : text
    }

    /// A text without any place to cut at does not gather in memory.
    @Test(arguments: ["\u{301}", " ", "\u{AD}"]) func nothingGathers(filler: String) {
        var stream = FoldedStream()
        var folded: [UInt8] = []
        let piece = Array(String(repeating: filler, count: 50_000).utf8)
        for _ in 0..<4 { folded += stream.add(piece) }
        let end = stream.endOfText()
        #expect(end.count <= 3 * piece.count / 2)
        #expect(folded.count + end.count <= 4 * piece.count * 3 / 2)
    }

    @Test(arguments: [
        ("7bit", "utf-8", "Gr\u{FC}\u{DF}e \u{1F600} 회의"), ("8bit", "iso-2022-jp", ""), ("8bit", "utf-16be", ""),
        ("8bit", "gb18030", ""),
        ("base64", "utf-8", "Gr\u{FC}\u{DF}e an alle"),
        ("quoted-printable", "utf-8", "Gr\u{FC}\u{DF}e  an alle\r\nhier"),
    ])
    func bodiesAreTheSameAtEverySplit(encoding: String, charset: String, text: String) {
        let plain: [UInt8]
        switch charset {
        case "iso-2022-jp": plain = Array("a \u{1B}$B4A;z\u{1B}(B b".utf8)
        case "utf-16be": plain = Array("a漢字b".utf16).flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        case "gb18030": plain = [0x61, 0xBA, 0xBA, 0xD7, 0xD6, 0x81, 0x30, 0x89, 0x38, 0x62]
        default: plain = Array(text.utf8)
        }
        let body: [UInt8]
        switch encoding {
        case "base64":
            let lines = Array(Data(plain).base64EncodedString().utf8)
            body = lines[..<7] + Array("\r\n* ".utf8) + lines[7...]
        case "quoted-printable":
            body =
                plain.flatMap { $0 < 0x80 && $0 != 0x6C ? [$0] : Array(String(format: "=%02X", $0).utf8) }
                + Array("=  \r\n x=\r\ny \t".utf8)
        default: body = plain
        }
        let part = MIMEPart(
            parsing: Array(
                "Content-Type: text/plain; charset=\(charset)\r\nContent-Transfer-Encoding: \(encoding)\r\n\r\n".utf8))
        let expected = Charset.decode(TransferEncoding.decode(body[...], encoding)[...], charset)
        #expect(!expected.contains("\u{FFFD}"))
        for split in 0...body.count {
            var text = BodyText(part)
            let decoded = text.take(body[..<split], isLast: false) + text.take(body[split...], isLast: true)
            #expect(String(decoding: decoded, as: UTF8.self) == expected, "\(split)")
        }
    }

    @Test func fieldsAreTheSameAtEverySplit() {
        let header = Array(
            "Subject: one\r\n two\r\nX-Empty:\r\nno field\r\nTo: =?utf-8?Q?Gr=C3=BC?=\r\n =?utf-8?Q?=C3=9Fe?=\r\n\r\n"
                .utf8)
        func lines(_ fields: [FieldPieces.Field]) -> [String] { fields.map { $0.name + ": " + $0.value } }
        for split in 0...header.count {
            var pieces = FieldPieces()
            let fields = pieces.take(header[..<split], isLast: false) + pieces.take(header[split...], isLast: true)
            #expect(lines(fields) == ["Subject: one two", "X-Empty: ", ": no field", "To: Grüße"], "\(split)")
        }
    }

    @Test func needlesAreFoundOverBorders() {
        let sought = ["needle", "edle in", "x", "never"].map {
            SearchPlan.Sought(place: .content, bytes: Array($0.utf8))
        }
        var scan = NeedleScan(for: sought)
        for _ in 0..<100_000 { scan.content(Array(" filler".utf8)) }
        for byte in Array("needle in x".utf8) { scan.content([byte]) }
        scan.end()
        #expect(scan.found == Set(sought[..<3]))
        #expect(scan.wantsContent && !scan.wantsFields)
    }

    @Test(arguments: ["8bit", "base64", "quoted-printable", "html", "header"])
    func longMessagesAreWalkedInWindows(form: String) async throws {
        var limits = StoreLimits()
        limits.indexedTextBytes = 20_000
        let fixture = try await Fixture(limits: limits)
        let (text, words) = Self.longText
        let stored = try await fixture.store.deliver(Self.long(text, as: form))
        let kept = try await walked(fixture)
        if form == "header" {
            #expect(Set(String(decoding: kept.header, as: UTF8.self).split(separator: " ")).isSuperset(of: words))
        } else {
            let plain = form == "html" ? HTMLText.strip(text) : text
            let whole = TextFolding.fold(String(decoding: plain, as: UTF8.self))
            #expect(withoutEnd(kept.content) == withoutEnd(whole))
        }
        for isIndexed in [false, true] {
            if isIndexed { while try await fixture.store.indexTexts() {} }
            func found(_ text: String) async throws -> [UInt32] {
                let query = form == "header" ? SearchQuery.header("x-long", text) : .body(text)
                return try await fixture.store.search(query, in: stored.mailbox).uids
            }
            #expect(try await found("\(words.count - 1)END GRÜ") == [1])
            #expect(try await found("needle\(words.count)end") == [])
            #expect(try await fixture.store.search(.text("grüße"), in: stored.mailbox).uids == [1])
        }
    }

    private static let longText: (text: [UInt8], words: Set<Substring>) = {
        var (text, words): ([UInt8], Set<Substring>) = ([], [])
        while text.count < 1_400_000 {
            let word = "needle\(words.count)end"
            text += Array("filler <b>wo</b>rds &amp;c \(word) grüße\r\n ".utf8)
            words.insert(Substring(word))
        }
        return (text, words)
    }()

    private static func long(_ text: [UInt8], as form: String) -> [UInt8] {
        let type = "Subject: s\r\nContent-Type: text/\(form == "html" ? "html" : "plain"); charset=utf-8\r\n"
        if form == "header" { return Array((type + "X-Long: ").utf8) + text + Array("\r\n\r\nbody".utf8) }
        let body: [UInt8]
        switch form {
        case "base64":
            body = Array(
                Data(text).base64EncodedString(
                    options: [.lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed]
                ).utf8)
        case "quoted-printable": body = text.flatMap { $0 < 0x80 ? [$0] : Array(String(format: "=%02X", $0).utf8) }
        default: body = text
        }
        return Array((type + "Content-Transfer-Encoding: \(form)\r\n\r\n").utf8) + body
    }

    /// All text of the first message; each byte is read once, a window at a time.
    private func walked(_ fixture: Fixture) async throws -> MessageText {
        let (store, body) = (fixture.store, BodyID(rawValue: 1))
        let loaded = Mutex(0)
        let searched = try await store.read { try SearchedBody($0, body) }
        let text = try await MessageText(of: searched, limit: 1 << 30) { range in
            #expect(range.count <= SearchedBody.windowBytes)
            loaded.withLock { $0 += range.count }
            return try await store.read { try $0.bytes(of: body, range) }
        }
        #expect(loaded.withLock { $0 } <= searched.size)
        #expect(text.isComplete)
        return text
    }

    /// A step ends by bytes too, and says what only the messages themselves tell.
    @Test func stepsAreBounded() async throws {
        var limits = StoreLimits()
        limits.unindexedMessages = .max
        let fixture = try await Fixture(limits: limits)
        let text = String(repeating: "many words\n", count: 20_000)
        for number in 1...24 { _ = try await fixture.store.deliver(message("\(number)", text)) }
        while try await fixture.store.indexTexts() {}
        let inbox = try await fixture.store.deliver(message("not indexed", text)).mailbox
        let needle = SearchPlan.Sought(place: .content, bytes: Array("many wordsx".utf8))
        let plan = SearchPlan.text(.init(sought: needle, candidates: nil))
        let messages = (1...25).map { (25 - $0) + 1 }.map {
            SearchPlan.Message(uid: UInt32($0), body: Int64($0), flags: 0, modseq: 1, size: 1, day: 0, sentDay: nil)
        }
        let (count, unread) = try await fixture.store.read { db in
            let step = try SearchStep(db, messages, plan)
            #expect(step.found.isEmpty)
            return (step.count, step.unread.map(\.uid))
        }
        #expect(count == 1 + (SearchStep.bytes + 219_999) / 220_000)
        #expect(unread == [25])
        #expect(try await fixture.store.search(.body("many words"), in: inbox).uids == Array(1...25))
        #expect(try await fixture.store.search(.body("many wordsx"), in: inbox).uids == [])
    }
}
