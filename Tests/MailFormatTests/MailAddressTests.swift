// SPDX-License-Identifier: Apache-2.0
import MailFormat
import Testing

struct MailAddressTests {
    @Test(arguments: [
        ("joe@Example.ORG", "joe", "example.org", "joe@example.org"),
        ("\"joe blow\"@example.org", "joe blow", "example.org", "\"joe blow\"@example.org"),
        ("\"a\\\"b\"@example.org", "a\"b", "example.org", "\"a\\\"b\"@example.org"),
        ("user+tag@sub.example.org", "user+tag", "sub.example.org", "user+tag@sub.example.org"),
        ("x@[192.0.2.1]", "x", "[192.0.2.1]", "x@[192.0.2.1]"),
        ("x@[IPv6:2001:DB8::1]", "x", "[ipv6:2001:db8::1]", "x@[ipv6:2001:db8::1]"),
        ("유저@메일.한국", "유저", "xn--h32bq4v.xn--3e0b707e", "유저@xn--h32bq4v.xn--3e0b707e"),
        ("a@Bücher.example", "a", "xn--bcher-kva.example", "a@xn--bcher-kva.example"),
    ])
    func addresses(text: String, local: String, domain: String, description: String) throws {
        let address = try #require(MailAddress(parsing: text))
        #expect(address.localPart == local)
        #expect(address.domain == domain)
        #expect(address.description == description)
    }

    @Test(arguments: [
        "", "a", "@b.example", "a@", "a b@c.example", "a@b..example", ".a@b.example", "a..b@c.example", "a@-b.example",
        "a@b.example>",
        "a@b@c.example", "\"a@b.example", "a\r\n@b.example", "a@b\u{0}.example", "a@[]", "<a@b.example>",
        "a@" + String(repeating: "x", count: 64) + ".example",
    ])
    func noAddresses(text: String) { #expect(MailAddress(parsing: text) == nil) }

    /// RFC 3492 section 7.1, in lower case.
    @Test(arguments: [
        ("ليهمابتكلموشعربي؟", "egbpdaj6bu4bxfgehfvwxn"), ("他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"),
        ("세계의모든사람들이한국어를이해한다면얼마나좋을까", "989aomsvi5e83db1d2a355cv1e0vak1dwrv93d5xbh15a0dt30a5jpsd879ccm6fea98c"),
    ])
    func punycode(label: String, encoded: String) {
        // as one label behind xn--; the long ones are no host names, but the encoding is what counts
        let canonical = DomainName.canonical(label)
        if encoded.count <= 59, label.allSatisfy({ $0 != "؟" }) { #expect(canonical == "xn--" + encoded) }
        #expect(DomainName.canonical("xn--" + encoded) == (encoded.count <= 59 ? "xn--" + encoded : nil))
    }
}
