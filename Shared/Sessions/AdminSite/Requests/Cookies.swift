// SPDX-License-Identifier: Apache-2.0
import HTTPTypes

/// The cookies of the site. `__Host-`: set by this very host, over TLS, for all of it.
enum Cookie: String {
    case session = "__Host-mailkeep-session"
    case language = "__Host-mailkeep-language"
    /// What the last form did, for the page after it.
    case notice = "__Host-mailkeep-notice"

    /// Its value in a request; of several the first.
    func value(in headers: HTTPFields) -> String? {
        let fields = headers[values: .cookie]
        guard fields.reduce(0, { $0 + $1.utf8.count }) <= AdminLimits.cookies else { return nil }
        for pair in fields.joined(separator: ";").split(separator: ";") {
            let pair = pair.drop { $0 == " " }
            if pair.hasPrefix(rawValue + "=") { return String(pair.dropFirst(rawValue.count + 1)) }
        }
        return nil
    }

    /// A Set-Cookie field; `seconds` 0 removes it.
    func field(_ value: String, seconds: Int) -> String {
        // The session goes with no request that another site caused.
        "\(rawValue)=\(value); Path=/; Max-Age=\(seconds); Secure; HttpOnly; SameSite=\(self == .session ? "Strict" : "Lax")"
    }
}
