// SPDX-License-Identifier: Apache-2.0

/// How far a request reaches (RFC 4918 section 10.2).
package enum Depth: String, Sendable {
    case zero = "0"
    case one = "1"
    case infinity

    /// `nil`: malformed. `absent`: what the method means without the field.
    package init?(_ field: String?, absent: Depth) {
        guard let field else {
            self = absent
            return
        }
        self.init(rawValue: field.trimmed.lowercased())
    }
}
