// SPDX-License-Identifier: Apache-2.0
import Crypto
import SealedSQLite

/// `/style.css`.
enum StyleSheet {
    static let bytes = PackageResources.style_css

    /// The first digits of its hash.
    static let version = Hex.text(SHA256.hash(data: bytes).prefix(6))
}
