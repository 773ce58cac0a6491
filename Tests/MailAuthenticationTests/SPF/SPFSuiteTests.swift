// SPDX-License-Identifier: Apache-2.0
import DNSClient
import Testing

@testable import MailAuthentication

/// The suite of openspf.org for RFC 7208, whole: 203 cases.
@Suite struct SPFSuiteTests {
    struct Scenario: Decodable, Sendable, CustomTestStringConvertible {
        var testDescription: String { description }
        let description: String
        let zone: [String: [Entry]]
        let tests: [Case]
    }

    struct Entry: Decodable, Sendable {
        let type: String
        let values: [String]?
    }

    struct Case: Decodable, Sendable {
        let name: String
        let helo: String
        let host: String
        let mailfrom: String
        let result: [String]
        let explanation: String?
    }

    static let scenarios = Vectors.json("spf.json", as: [Scenario].self)

    @Test func isWhole() { #expect(Self.scenarios.map(\.tests.count).reduce(0, +) == 203) }

    @Test(arguments: scenarios)
    func suite(_ scenario: Scenario) async throws {
        for test in scenario.tests {
            let outcome = await SPF.check(
                client: try #require(IPAddress(parsing: test.host)), helo: test.helo, reversePath: test.mailfrom,
                hostname: "receiver.example.com", resolver: Self.resolver(scenario.zone))
            #expect(test.result.contains(outcome.result.rawValue), "\(test.name)")
            if let wanted = test.explanation { #expect((outcome.explanation ?? "DEFAULT") == wanted, "\(test.name)") }
        }
    }

    static func resolver(_ zone: [String: [Entry]]) -> TableResolver {
        let table = TableResolver()
        for (name, entries) in zone {
            // A record of the old type SPF stands for TXT too, unless the name has TXT of its own.
            let ownText = entries.contains { $0.type == "TXT" }
            let answersText = entries.contains { $0.type == "TXT" && $0.values != ["NONE"] }
            table.add(name, [])
            for entry in entries {
                let values = entry.values ?? []
                switch entry.type {
                case "TIMEOUT":
                    // Types that the name has records of answer, all others time out.
                    if !answersText { table.add(name, [.failure(.txt)]) }
                    for (type, word) in [(RecordType.a, "A"), (.aaaa, "AAAA"), (.mx, "MX"), (.ptr, "PTR")]
                    where !entries.contains(where: { $0.type == word }) {
                        table.add(name, [.failure(type)])
                    }
                case "TXT" where values == ["NONE"]: break
                case "TXT", "SPF":
                    guard entry.type == "TXT" || !ownText else { break }
                    table.add(
                        name, [.strings(values.map { $0.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } })])
                case "MX": table.add(name, [.mx(UInt16(values[0]) ?? 0, values[1])])
                case "A", "AAAA": table.add(name, [.address(values[0])])
                case "PTR": table.add(name, [.ptr(values[0])])
                case "CNAME": table.add(name, [.cname(values[0])])
                default: Issue.record("unknown entry \(entry.type)")
                }
            }
        }
        return table
    }
}
