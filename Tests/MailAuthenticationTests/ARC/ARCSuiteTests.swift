// SPDX-License-Identifier: Apache-2.0
import DNSClient
import MailFormat
import Testing

@testable import MailAuthentication

/// ValiMail's validation vectors, whole.
@Suite struct ARCSuiteTests {
    struct Scenario: Decodable, Sendable, CustomTestStringConvertible {
        var testDescription: String { description }
        let description: String
        let tests: [String: Case]
        let records: [String: String]

        enum CodingKeys: String, CodingKey {
            case description, tests
            case records = "txt-records"
        }
    }

    struct Case: Decodable, Sendable {
        let message: String
        let cv: String
    }

    static let scenarios = Vectors.json("arc-validation.json", as: [Scenario].self)

    @Test func isWhole() { #expect(Self.scenarios.map(\.tests.count).reduce(0, +) == 171) }

    @Test(arguments: scenarios)
    func suite(_ scenario: Scenario) async throws {
        let resolver = TableResolver(scenario.records.mapValues { [.txt($0)] })
        for (name, test) in scenario.tests {
            let message = Array(test.message.replacing("\n", with: "\r\n").utf8)
            let outcome = await ARC.validate(message, MessageHeader(message), resolver: resolver)
            // Chains that say of themselves that they failed have no expectation in the vectors.
            let wanted = test.cv.isEmpty ? "fail" : test.cv.lowercased()
            #expect(outcome.result.rawValue == wanted, "\(name)")
        }
    }
}
