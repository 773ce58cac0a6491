// SPDX-License-Identifier: Apache-2.0
import Mustache

/// Escapes text for HTML and XML, in elements and in quoted attributes.
///
/// Mustache's own looks at whole characters and lets `"` followed by a combining mark pass, as it is another character;
/// a browser sees the quote. This one looks at scalars. It also shows the controls of writing direction, with which a
/// name could turn the text around it.
struct ScalarHTML: MustacheContentType {
    static let name = "SCALARS"

    func escapeText(_ text: String) -> String {
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": escaped.append(contentsOf: "&lt;".unicodeScalars)
            case ">": escaped.append(contentsOf: "&gt;".unicodeScalars)
            case "&": escaped.append(contentsOf: "&amp;".unicodeScalars)
            case "\"": escaped.append(contentsOf: "&quot;".unicodeScalars)
            case "'": escaped.append(contentsOf: "&#39;".unicodeScalars)
            case "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}", "\u{200E}", "\u{200F}", "\u{0}":
                escaped.append("\u{FFFD}")
            default: escaped.append(scalar)
            }
        }
        return String(escaped)
    }
}
