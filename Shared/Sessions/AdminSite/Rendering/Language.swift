// SPDX-License-Identifier: Apache-2.0

/// Languages of the pages. The raw value is the tag and the name of the catalogue.
enum Language: String, CaseIterable, Sendable {
    case english = "en"
    case korean = "ko"

    /// In itself.
    var name: String {
        switch self {
        case .english: "English"
        case .korean: "한국어"
        }
    }

    /// The one that Accept-Language (RFC 9110 section 12.5.4) likes best; English when it likes none of ours.
    static func preferred(_ field: String?) -> Language {
        var best: (language: Language, quality: Double)?
        for range in (field ?? "").split(separator: ",").prefix(50) {
            let parts = range.split(separator: ";").map { $0.filter { $0 != " " }.lowercased() }
            guard let tag = parts.first else { continue }
            let primary = String(tag.prefix { $0 != "-" })
            guard let language = primary == "*" ? .english : Language(rawValue: primary) else { continue }
            let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            if quality > 0, quality > best?.quality ?? 0 { best = (language, quality) }
        }
        return best?.language ?? .english
    }
}
