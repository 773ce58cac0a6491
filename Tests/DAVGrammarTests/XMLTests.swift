// SPDX-License-Identifier: Apache-2.0
import DAVGrammar
import Testing

@Suite struct XMLTests {
    private func parse(_ text: String) throws -> XMLElement { try XMLElement(parsing: Array(text.utf8)) }

    @Test func namesAreTheirNamespaces() throws {
        let root = try parse(
            "<?xml version='1.0'?><a xmlns='DAV:' xmlns:c='urn:c' c:x='1' y='2'><!-- no --><c:b>t<![CDATA[<]]>&amp;&#xC548;</c:b></a>"
        )
        #expect(root.name == .dav("a"))
        #expect(root.attributes == [XMLName("urn:c", "x"): "1", XMLName("", "y"): "2"])
        #expect(root[XMLName("urn:c", "b")]?.text == "t<&안")
    }

    @Test(arguments: [
        ("", XMLError.notWellFormed), ("text", .notWellFormed), ("<a>", .notWellFormed), ("<a></b>", .notWellFormed),
        ("<a/><b/>", .notWellFormed), ("<a>&x;</a>", .notWellFormed), ("<p:a/>", .notWellFormed),
        ("<a b='1' b='2'/>", .notWellFormed), ("<a>\u{1}</a>", .notWellFormed), ("<!DOCTYPE a><a/>", .documentType),
        ("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", .documentType),
        ("<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", .documentType),
        ("<!DOCTYPE a [<!ENTITY x 'xx'><!ENTITY y '&x;&x;'>]><a>&y;</a>", .documentType),
    ])
    func whatIsNotTakenIsAnError(text: String, error: XMLError) {
        #expect(throws: error) { try parse(text) }
    }

    @Test func depthAndNumberAreBounded() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
        }
        _ = try parse(nested(XMLLimits.depth))
        #expect(throws: XMLError.tooMuch) { try parse(nested(XMLLimits.depth + 1)) }
        #expect(throws: XMLError.tooMuch) { try parse(nested(100_000)) }
        #expect(throws: XMLError.tooMuch) {
            try parse("<a>" + String(repeating: "<b/>", count: XMLLimits.nodes) + "</a>")
        }
        let attributes = (0...XMLLimits.nodes).map { " a\($0)=''" }.joined()
        #expect(throws: XMLError.self) { try parse("<a\(attributes)/>") }
    }

    @Test func otherEncodings() throws {
        let units: [UInt16] = [0xFEFF] + Array("<a>안</a>".utf16)
        let utf16: [UInt8] = units.flatMap { unit -> [UInt8] in [UInt8(unit & 0xFF), UInt8(unit >> 8)] }
        #expect(try XMLElement(parsing: utf16).text == "안")
        #expect(throws: XMLError.self) { try XMLElement(parsing: Array("<a>".utf8) + [0xFF] + Array("</a>".utf8)) }
    }

    @Test func cutAnywhereItIsAnError() {
        let whole = Array("<d:a xmlns:d=\"DAV:\"><d:b c=\"&lt;\">text</d:b></d:a>".utf8)
        for length in 0..<whole.count {
            #expect(throws: XMLError.self) { try XMLElement(parsing: Array(whole[..<length])) }
        }
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        let element = XMLElement(
            .dav("a"), attributes: [XMLName("", "x"): "\"<&>'\n\t\r", XMLName("urn:own", "y"): "z"],
            [
                .text("a<b>&c\r\n"), .element(XMLElement(.calendar("b"), text: "안녕 😀")),
                .element(XMLElement(XMLName("urn:own", "c"), elements: [XMLElement(XMLName("", "d"))])),
                .element(XMLElement(XMLName(XMLNamespace.apple, "calendar-color"), text: "#FF2968FF")),
            ])
        #expect(try XMLElement(parsing: XMLWriter.document(element)) == element)
        #expect(try parse(XMLWriter.fragment(element)) == element)
        let wrong = XMLElement(.dav("a"), text: "a\u{0}\u{B}\u{FFFE}b")
        #expect(try XMLElement(parsing: XMLWriter.document(wrong)).text == "a\u{FFFD}\u{FFFD}\u{FFFD}b")
    }

    @Test func manyAtOnce() async throws {
        let body = Array("<a xmlns='DAV:'>\(String(repeating: "<b>x</b>", count: 500))</a>".utf8)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<50 { group.addTask { try XMLElement(parsing: body).elements.count } }
            for try await count in group { #expect(count == 500) }
        }
    }
}
