// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import MailStore

/// What becomes of texts and needles, hostile ones too.
@Suite struct TextFoldingTests {
    private func folded(_ text: String) -> String { String(decoding: TextFolding.fold(text), as: UTF8.self) }

    /// The normaliser sorts a run of marks by insertion: it must see none that is long, whatever it is made of.
    @Test(arguments: [
        "\u{301}\u{316}", "\u{FF9E}\u{302A}", "\u{F73}\u{301}", "\u{301}\u{200B}\u{316}", "\u{301}\u{34F}",
    ])
    func runsOfMarksAreBroken(marks: String) {
        let text = "a" + String(repeating: marks, count: 5000) + " b"
        for form in [TextPreparation.today, .before, .joined] {
            var (run, longest, count) = (0, 0, 0)
            for scalar in form.apply(text).unicodeScalars {
                run = TextPreparation.isMark(scalar) ? run + 1 : 0
                longest = max(longest, run)
                count += TextPreparation.isMark(scalar) ? 1 : 0
            }
            #expect(longest <= 30)
            #expect(count >= 5000)
        }
        #expect(folded(text).hasSuffix(" b"))
    }

    @Test func marksOfWordsStay() {
        let word = "e\u{301}a" + String(repeating: "\u{301}", count: 30) + "o\u{308}"
        #expect(Array(TextFolding.fold(word)) == Array(TextFolding.fold(folded(word))))
        #expect(!folded(word).unicodeScalars.contains("\u{34F}"))
        #expect(folded("Cafe\u{301}") == "café")
    }

    @Test func whatNobodySeesIsDropped() {
        #expect(folded("Donau\u{AD}dampf\u{200B}schiff\u{FEFF}fahrt") == "donaudampfschifffahrt")
        #expect(folded("❤\u{FE0F}") == "❤")
    }

    @Test(arguments: [
        ("明日の東京\r\n都庁での会議", "明日の東京都庁での会議"), ("你好，\n北京", "你好,北京"), ("東京 都庁", "東京 都庁"),
        ("東京\r\n\r\n都庁", "東京 都庁"), ("東京\u{0C}\n都庁", "東京 都庁"), ("회의\r\n일정", "회의 일정"),
        ("東京\r\nTokyo\r\n東京", "東京 tokyo 東京"), ("東京 \r\n 都庁", "東京都庁"), ("東京\n\u{3000}都庁", "東京 都庁"),
    ])
    func linesOfChineseAndJapaneseGoOn(text: String, expected: String) { #expect(folded(text) == expected) }

    @Test func needlesFindWhatWasIndexedBefore() {
        func needles(_ text: String) -> [String] {
            TextFolding.needles(text).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(needles("Plain words") == ["plain words"])
        #expect(needles("grüße") == ["grüße"])
        #expect(needles("donau\u{AD}dampf") == ["donaudampf", "donau\u{AD}dampf"])
        #expect(needles("\u{AD}") == ["\u{AD}"])
        #expect(needles("東京 都庁") == ["東京 都庁", "東京都庁"])
        #expect(needles("東京\r\n都庁") == ["東京都庁", "東京 都庁"])
        #expect(needles("") == [""])
    }
}
