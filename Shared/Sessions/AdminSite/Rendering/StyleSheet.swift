// SPDX-License-Identifier: Apache-2.0
import Crypto

/// `/style.css`.
enum StyleSheet {
    static let bytes = PackageResources.style_css

    /// The first digits of its hash.
    static let version = SHA256.hash(data: bytes).prefix(6)
        .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
