// SPDX-License-Identifier: Apache-2.0
import Crypto
import Foundation
import SealedSQLite

/// The key pair that mail for a zero-access account is sealed to: X-Wing, ML-KEM-768 and X25519 together
/// (draft-connolly-cfrg-xwing-kem). The public part is in `accounts.public_key`; the private one is a seed, in a slot of
/// kind `arrivalKey`.
package struct ArrivalKey: Sendable {
    /// Bytes of the public part.
    package static let publicBytes = 1_216

    /// 32 bytes, from which the pair is made.
    package let seed: SealedKey
    package let publicKey: [UInt8]

    package static func random() throws -> ArrivalKey { try ArrivalKey(seed: .random()) }

    package init(seed: SealedKey) throws {
        self.seed = seed
        publicKey = try [UInt8](Self.privateKey(seed).publicKey.rawRepresentation)
    }

    /// For HPKE.
    package var privateKey: XWingMLKEM768X25519.PrivateKey { get throws { try Self.privateKey(seed) } }

    private static func privateKey(_ seed: SealedKey) throws -> XWingMLKEM768X25519.PrivateKey {
        try seed.withUnsafeBytes { try .init(seedRepresentation: $0, publicKey: nil) }
    }
}
