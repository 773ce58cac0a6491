// SPDX-License-Identifier: Apache-2.0
import CryptoExtras
import Foundation

func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

/// A key as the directory holds one.
struct RSAKey {
    /// PKCS#1 DER.
    let privateKey: Data
    /// SubjectPublicKeyInfo DER.
    let publicKey: [UInt8]

    static func make() throws -> RSAKey {
        let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        return RSAKey(privateKey: key.derRepresentation, publicKey: Array(key.publicKey.derRepresentation))
    }
}
