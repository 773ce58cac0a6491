// SPDX-License-Identifier: Apache-2.0
import Crypto
import CryptoExtras
import Foundation
import GRDB

/// A DKIM key of a domain (RFC 6376, RFC 8463) with its private part.
package struct SigningKey: Sendable {
    package enum Algorithm: String, Sendable, CaseIterable {
        case ed25519
        /// 2,048 bits.
        case rsa
    }

    package let domain: String
    package let selector: String
    package let algorithm: Algorithm
    /// Ed25519: the 32 raw bytes (`Curve25519.Signing.PrivateKey(rawRepresentation:)`).
    /// RSA: PKCS#1 DER (`_RSA.Signing.PrivateKey(derRepresentation:)`).
    package let privateKey: SecretBytes

    static func identity(domain: String, selector: String) -> String { "dkim/\(domain)/\(selector)" }
}

/// The public part, as it goes into the DNS.
package struct SigningRecord: Sendable, Equatable {
    package let domain: String
    package let selector: String
    package let algorithm: SigningKey.Algorithm
    package let publicKey: [UInt8]

    /// Owner name of the TXT record, without the dot at the end.
    package var name: String { "\(selector)._domainkey.\(domain)" }

    /// Its text (RFC 6376 section 3.6.1).
    package var text: String { "v=DKIM1; k=\(algorithm.rawValue); p=\(Data(publicKey).base64EncodedString())" }
}

/// New keys, before they are stored.
struct NewSigningKey {
    let algorithm: SigningKey.Algorithm
    let publicKey: Data
    let privateKey: SecretBytes

    static func make(_ algorithm: SigningKey.Algorithm) throws -> NewSigningKey {
        switch algorithm {
        case .ed25519:
            let key = Curve25519.Signing.PrivateKey()
            return NewSigningKey(
                algorithm: algorithm, publicKey: key.publicKey.rawRepresentation,
                privateKey: SecretBytes(key.rawRepresentation))
        case .rsa:
            let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
            return NewSigningKey(
                algorithm: algorithm, publicKey: key.publicKey.derRepresentation,
                privateKey: SecretBytes(key.derRepresentation))
        }
    }
}
