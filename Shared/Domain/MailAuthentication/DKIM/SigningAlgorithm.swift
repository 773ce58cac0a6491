// SPDX-License-Identifier: Apache-2.0

/// What signs a SHA-256 hash; the raw value is the word of the tag `a`.
package enum SigningAlgorithm: String, Sendable {
    /// RFC 6376 section 3.3.2, with PKCS#1 version 1.5 padding.
    case rsa = "rsa-sha256"
    /// RFC 8463.
    case ed25519 = "ed25519-sha256"
}
