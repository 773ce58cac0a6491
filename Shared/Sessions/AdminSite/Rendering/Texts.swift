// SPDX-License-Identifier: Apache-2.0
import Foundation
import Mustache

/// The words of the pages in one language: `Resources/<tag>.json`, which is compiled in. Templates say `{{t.key}}`.
struct Texts: MustacheParent, Sendable {
    let language: Language
    let catalogue: [String: String]

    init(_ language: Language) throws {
        let bytes =
            switch language {
            case .english: PackageResources.en_json
            case .korean: PackageResources.ko_json
            }
        self.language = language
        catalogue = try JSONDecoder().decode([String: String].self, from: Data(bytes))
    }

    func child(named name: String) -> Any? { catalogue[name] }

    /// A text that code asks for, with its `{names}` filled in.
    func callAsFunction(_ phrase: Phrase, _ values: [String: String] = [:]) -> String {
        var text = ""
        var rest = (catalogue[phrase.rawValue] ?? phrase.rawValue)[...]
        // In one pass: what is filled in is not searched again.
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            text += rest[..<open]
            let name = String(rest[rest.index(after: open)..<close])
            text += values[name] ?? "{\(name)}"
            rest = rest[rest.index(after: close)...]
        }
        return text + rest
    }
}
