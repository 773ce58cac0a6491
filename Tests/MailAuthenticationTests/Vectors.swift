// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Files of Tests/Corpus/mailauth: the published suites as JSON, their licences beside them.
enum Vectors {
    static func path(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Corpus/mailauth/\(name)").path
    }

    static func json<Value: Decodable>(_ name: String, as: Value.Type) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(contentsOf: URL(fileURLWithPath: path(name))))
        } catch { preconditionFailure("\(name): \(error)") }
    }
}
