// SPDX-License-Identifier: Apache-2.0
import Foundation
import MailFormat
import Testing

struct MIMEPartTests {
    /// RFC 9051 section 6.4.5.1's example of section numbers.
    @Test func sectionNumbers() throws {
        func multipart(_ boundary: String, _ parts: [String], _ subtype: String = "mixed") -> String {
            "Content-Type: multipart/\(subtype); boundary=\(boundary)\r\n\r\npreamble\r\n"
                + parts.map { "--\(boundary)\r\n\($0)\r\n" }.joined() + "--\(boundary)--\r\nepilogue\r\n"
        }
        func leaf(_ type: String, _ text: String) -> String { "Content-Type: \(type)\r\n\r\n\(text)" }
        let inner =
            "Subject: inner\r\n"
            + multipart(
                "c",
                [
                    leaf("text/plain", "4.2.1"),
                    multipart("d", [leaf("text/plain", "4.2.2.1"), leaf("text/html", "<p>4.2.2.2")], "alternative"),
                ])
        let text =
            "From: a@b.example\r\n"
            + multipart(
                "a",
                [
                    leaf("text/plain", "1"), leaf("application/octet-stream", "2"),
                    "Content-Type: message/rfc822\r\n\r\nSubject: three\r\n"
                        + multipart("e", [leaf("text/plain", "3.1"), leaf("image/gif", "3.2")]),
                    multipart("b", [leaf("image/gif", "4.1"), "Content-Type: message/rfc822\r\n\r\n" + inner]),
                ])
        let message = Array(text.utf8)
        let root = MIMEPart(parsing: message)
        func body(_ numbers: Int...) -> String? {
            root.part(numbers).map { String(decoding: message[$0.body], as: UTF8.self) }
        }
        #expect(body(1) == "1" && body(2) == "2" && body(3, 1) == "3.1" && body(3, 2) == "3.2" && body(4, 1) == "4.1")
        #expect(body(4, 2, 1) == "4.2.1" && body(4, 2, 2, 1) == "4.2.2.1" && body(4, 2, 2, 2) == "<p>4.2.2.2")
        #expect(root.part([5]) == nil && root.part([1, 1]) == nil && root.part([4, 2, 3]) == nil)
        #expect(root.part([3])?.children.first?.envelope?.subject == "three")
        #expect(root.envelope?.from.count == 1)
    }

    @Test func aLeafIsItsOwnFirstPart() {
        let root = MIMEPart(parsing: Array("Subject: x\r\n\r\none\r\ntwo\r\n".utf8))
        #expect(root.part([1]) == root && root.part([2]) == nil && root.lines == 2 && root.type.value == "text/plain")
    }

    @Test func parametersOfRFC2231() {
        let type = ParameterizedValue(
            parsing:
                "application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20; title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\""
        )
        #expect(type["title"] == "This is even more ***fun*** isn't it!")
        #expect(
            ParameterizedValue(parsing: "attachment; filename*=utf-8''%EC%95%88.txt; filename=x.txt")["filename"]
                == "안.txt")
        #expect(ParameterizedValue(parsing: "text/plain; charset=us-ascii (Plain text)")["charset"] == "us-ascii")
        #expect(ParameterizedValue(parsing: "text/html; charset=\"utf\\-8\";;").parameters.map(\.value) == ["utf-8"])
    }

    @Test func transferEncodings() {
        func qp(_ text: String) -> String {
            String(decoding: TransferEncoding.quotedPrintable(Array(text.utf8)[...]), as: UTF8.self)
        }
        #expect(qp("a=3Db=\r\nc =20\r\nd  \r\n=E") == "a=bc  \r\nd\r\n=E")
        #expect(
            String(decoding: TransferEncoding.base64(Array("SGV\r\nsbG8=\r\nIQ==".utf8)[...]), as: UTF8.self)
                == "Hello!")
    }

    static let corpus: [String] = {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "../../../shared/corpus/eml"
        ).standardized
        let files =
            FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL } ?? []
        return files.filter { ["eml", "msg", "txt"].contains($0.pathExtension) }.map(\.path).sorted()
    }()

    @Test func theCorpusIsThere() { #expect(Self.corpus.count > 100) }

    @Test(arguments: corpus)
    func everyMessageOfTheCorpusHasSoundRanges(path: String) throws {
        let message = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        check(MIMEPart(parsing: message), inside: 0..<message.count)
    }

    func check(_ part: MIMEPart, inside outer: Range<Int>) {
        #expect(
            outer.contains(part.header) && part.header.upperBound <= part.body.lowerBound && outer.contains(part.body))
        #expect(part.lines >= 0)
        var position = part.body.lowerBound
        for child in part.children {
            #expect(child.header.lowerBound >= position)
            check(child, inside: part.body)
            position = child.body.upperBound
        }
    }

    @Test func deepAndWideMessagesAreBounded() {
        var nested = "Content-Type: text/plain\r\n\r\ndeep\r\n"
        for level in 0..<300 {
            nested =
                "Content-Type: multipart/mixed; boundary=b\(level)\r\n\r\n--b\(level)\r\n\(nested)\r\n--b\(level)--\r\n"
        }
        var part = MIMEPart(parsing: Array(nested.utf8))
        var depth = 0
        while let child = part.children.first {
            part = child
            depth += 1
        }
        #expect(depth == MIMEPart.depthLimit)
        let wide =
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + String(repeating: "--b\r\n\r\nx\r\n", count: 12_000)
        #expect(MIMEPart(parsing: Array(wide.utf8)).children.count <= MIMEPart.partLimit)
    }

    /// Whatever the bytes, ranges hold: prefixes and mutations of one hard message.
    @Test func mutationsAreSound() {
        let base = Array(
            "A: b\r\nContent-Type: multipart/mixed; boundary=\"x\"\r\n\r\n--x\r\nContent-Type: message/rfc822\r\n\r\nS: t\r\n\r\ny\r\n--x--\r\n"
                .utf8)
        for length in 0...base.count { check(MIMEPart(parsing: Array(base[..<length])), inside: 0..<length) }
        var seed: UInt64 = 42
        for _ in 0..<2_000 {
            var mutated = base
            for _ in 0..<4 {
                seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                mutated[Int(seed >> 33) % mutated.count] = UInt8(truncatingIfNeeded: seed >> 20)
            }
            check(MIMEPart(parsing: mutated), inside: 0..<mutated.count)
        }
    }
}

extension Range<Int> {
    fileprivate func contains(_ other: Range<Int>) -> Bool {
        other.lowerBound >= lowerBound && other.upperBound <= upperBound
    }
}
