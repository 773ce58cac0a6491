// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import MailStore

@Suite struct HTMLTextTests {
    private static let documents = [
        ("<p>a</p><p>b</p>", " a b "), ("x<b>y</b>z", "xyz"),
        ("1 < 2 &amp;&lt;&#65;&#x42;&bogus;&", "1 < 2 &<ab&bogus;&"),
        ("<!-- c --><script>if (a<b) {}</SCRIPT>t<img alt='>'>", " t "), ("<unclosed", " "), ("<!-- open", ""),
        ("<!--><b>seen</b>", "seen"), ("<p>I <3 Mailkeep, </3 you", " i <3 mailkeep, </3 you"),
        ("<a href=http://x/it's>first words</a> second words", "first words second words"),
        ("<a title = \"a > b\" data-x='\">'>c</a>", "c"), ("<a b==\"c>d\">e", "d\">e"), ("<a b=''c='>'>e", "e"),
        ("ESPA&Ntilde;A &Scaron;koda &Ccedil;a &alpha;&beta;&gamma; &rarr;", "españa škoda ça αβγ →"),
        ("caf&eacute au lait &copy2026 &ampersand &#233 &#xe9x &#128;", "café au lait ©2026 &ersand é éx €"),
        ("&Scaron &#; &#x; &#xD800; &;", "&scaron &#; &#x; &#xd800; &;"),
        ("<!doctype html><style>p{a:b}</style>c", " c"),
        ("<p>北京\n大学</p>\n<p>東京</p>", " 北京大学 東京 "), ("a&nbsp;b&shy;c", "a bc"),
    ]

    @Test(arguments: documents) func textIsFound(html: String, expected: String) {
        #expect(folded(HTMLText.strip(Array(html.utf8))) == expected)
    }

    @Test(arguments: documents) func everySplitIsTheSame(html: String, expected: String) {
        let bytes = Array(html.utf8)
        for split in 0...bytes.count {
            var stripper = HTMLText()
            let first = stripper.strip(Array(bytes[..<split]), isLast: false)
            #expect(folded(first + stripper.strip(Array(bytes[split...]), isLast: true)) == expected)
        }
        var stripper = HTMLText()
        var text = bytes.flatMap { stripper.strip([$0], isLast: false) }
        text += stripper.strip([], isLast: true)
        #expect(folded(text) == expected)
    }

    private func folded(_ text: [UInt8]) -> String {
        String(decoding: TextFolding.fold(String(decoding: text, as: UTF8.self)), as: UTF8.self)
    }
}
