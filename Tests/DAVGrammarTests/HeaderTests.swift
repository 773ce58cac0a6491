// SPDX-License-Identifier: Apache-2.0
import DAVGrammar
import Testing

@Suite struct HeaderTests {
    @Test(arguments: [
        ("/", []), ("/dav/", ["dav"]), ("/dav/a%40b/c.ics", ["dav", "a@b", "c.ics"]), ("/%EC%95%88", ["안"]),
        ("https://host:8443/a/b?x#y", ["a", "b"]), ("http://host", []), ("/a%20b", ["a b"]), ("/a b", ["a b"]),
    ])
    func paths(text: String, segments: [String]) throws {
        let path = try #require(DAVPath(parsing: text))
        #expect(path.segments == segments)
        #expect(DAVPath(parsing: path.description) == path && DAVPath(parsing: path.collection) == path)
        #expect(path.collection.hasSuffix("/"))
    }

    @Test(arguments: [
        "", "a", "//", "/a//b", "/a/../b", "/./a", "/%2e%2e/a", "/a%2Fb", "/a%00b", "/%", "/%4", "/%zz", "/%FF",
        "/a%0Ab",
        "ftp://host/a", String(repeating: "/a", count: 17), "/" + String(repeating: "a", count: 256),
    ])
    func noPaths(text: String) { #expect(DAVPath(parsing: text) == nil) }

    @Test func tags() {
        #expect(EntityTags(" * ") == .any)
        #expect(EntityTags("\"a\"") == .tags(["a"]))
        #expect(EntityTags("\"a\", W/\"b\",\"c,d\"") == .tags(["a", "c,d"]))
        #expect(EntityTags("") == .tags([]))
        for wrong in ["a", "\"a", "\"a\" b", "W/a", String(repeating: "\"a\",", count: 101)] {
            #expect(EntityTags(wrong) == nil)
        }
    }

    @Test func depths() {
        #expect(Depth(nil, absent: .infinity) == .infinity && Depth(" 1", absent: .zero) == .one)
        #expect(Depth("Infinity", absent: .zero) == .infinity && Depth("2", absent: .zero) == nil)
    }
}
