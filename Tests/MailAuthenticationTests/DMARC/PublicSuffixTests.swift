// SPDX-License-Identifier: Apache-2.0
import Foundation
import MailFormat
import Testing

@testable import MailAuthentication

/// The test file of publicsuffix.org: `checkPublicSuffix('www.example.com', 'example.com')`, null for a public suffix.
@Suite struct PublicSuffixTests {
    @Test func `the published cases`() throws {
        let text = try String(contentsOfFile: Vectors.path("test_psl.txt"), encoding: .utf8)
        var count = 0
        for line in text.split(separator: "\n") where line.hasPrefix("checkPublicSuffix('") {
            let parts = line.split(separator: "'", omittingEmptySubsequences: false)
            // Names that are no names: nothing asks for them.
            guard !parts[1].hasPrefix("."), let domain = DomainName.canonical(parts[1]) else { continue }
            let wanted = parts.count > 3 ? DomainName.canonical(parts[3]) : domain
            #expect(PublicSuffixes.shared.organizationalDomain(of: domain) == wanted, "\(line)")
            count += 1
        }
        #expect(count > 60)
    }
}
