// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPTypes
import Mustache
import Testing

@testable import AdminSite

@Suite struct WordsTests {
    @Test func bothLanguagesSayEverything() throws {
        let (english, korean) = (try Texts(.english).catalogue, try Texts(.korean).catalogue)
        #expect(Set(english.keys) == Set(korean.keys))
        let names = { (text: String) in Set(text.matches(of: /\{(\w+)\}/).map { String($0.1) }) }
        for (key, text) in english {
            let other = try #require(korean[key])
            #expect(names(text) == names(other), "\(key)")
            #expect(!text.isEmpty && !other.isEmpty)
        }
        var used = Set(Phrase.allCases.map(\.rawValue))
        for name in Templates.Name.allCases {
            for match in Templates.source(name).matches(of: /\{\{[#^\/]?t\.(\w+)/) { used.insert(String(match.1)) }
        }
        #expect(used.subtracting(english.keys).isEmpty, "without a text")
        #expect(Set(english.keys).subtracting(used).isEmpty, "without a use")
    }

    @Test func templatesEscapeEverythingAndHoldNoScript() {
        for name in Templates.Name.allCases {
            let source = Templates.source(name)
            #expect(!source.contains("{{{") && !source.contains("{{&") && !source.contains("CONTENT_TYPE"), "\(name)")
            #expect(!source.contains("<script") && !source.contains("style=") && !source.contains("<style"), "\(name)")
            #expect(source.firstMatch(of: /\son\w+=/) == nil, "\(name)")
            // A value outside of quotes could end its attribute.
            #expect(source.firstMatch(of: /\s[\w-]+=\{\{/) == nil, "\(name)")
        }
    }

    @Test func hostileNamesStayText() async throws {
        let world = try await World()
        let hostile = "<img src=x onerror=alert(1)> \" ' & {{t.logout}} \"\u{301} onfocus=x \u{202E}gro"
        let account = try await world.add("eve@example.org", name: hostile)
        let browser = try await world.browser(of: World.administrator)
        for path in ["/admin/accounts", "/admin/accounts/\(account.id)"] {
            let text = try await browser.get(path).text
            #expect(
                text.contains(
                    "&lt;img src=x onerror=alert(1)&gt; &quot; &#39; &amp; {{t.logout}} &quot;\u{301} onfocus=x \u{FFFD}gro"
                ))
            #expect(!text.contains("<img src=x"))
        }
        let search = try await browser.get("/admin/accounts?search=" + FormFields.encode("\"\u{301} autofocus <b>"))
        #expect(search.text.contains("value=\"&quot;\u{301} autofocus &lt;b&gt;\""))
        let login = try await world.browser().login("\"><script>@x", "12345678")
        #expect(login.text.contains("&quot;&gt;&lt;script&gt;@x"))
    }

    @Test func aTextIsFilledInOnce() throws {
        let t = try Texts(.english)
        #expect(t(.errorAliasTarget, ["name": "{name}{x}"]) == "{name}{x} is not an account or alias of this server.")
    }

    @Test(arguments: [
        ("ko-KR,ko;q=0.9,en;q=0.8", Language.korean), ("en-US,en;q=0.9,ko;q=0.8", .english), ("de, ko;q=0.5", .korean),
        ("de", .english), ("", .english), ("ko;q=0, en;q=0.1", .english), ("*", .english), ("ko;q=x", .english),
    ])
    func theBestLiked(field: String, language: Language) { #expect(Language.preferred(field) == language) }

    @Test func theSwitchIsRemembered() async throws {
        let browser = try await World().browser()
        #expect(try await browser.get("/login").text.contains("<html lang=\"en\">"))
        #expect(try await browser.get("/login", [.acceptLanguage: "ko"]).text.contains("<html lang=\"ko\">"))
        let chosen = try await browser.post("/language", ["language": "ko", "here": "/login?next=%2Fadmin"])
        #expect(chosen.location == "/login?next=%2Fadmin")
        #expect(try await browser.get("/login", [.acceptLanguage: "en"]).text.contains("이메일 주소"))
        #expect(try await browser.post("/language", ["language": "xx"]).status == .badRequest)
    }

    @Test(
        arguments: [
            (0, "0B"), (1_023, "1023B"), (1_024, "1KB"), (12_345, "12KB"), (12_345_678, "11.7MB"),
        ])
    func sizes(bytes: Int, text: String) { #expect(Size.text(bytes) == text) }
}
