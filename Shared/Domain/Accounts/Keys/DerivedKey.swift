// SPDX-License-Identifier: Apache-2.0
import Crypto
import SealedSQLite

extension SealedKey {
    /// HKDF-SHA256 (RFC 5869) without salt, 32 bytes.
    package func derivedKey(info: String) -> SealedKey { withUnsafeBytes { SealedKey(derivedFrom: $0, info: info) } }

    fileprivate init(derivedFrom secret: UnsafeRawBufferPointer, info: String) {
        let output = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: secret), info: Array(info.utf8), outputByteCount: SealedKey.count)
        guard let key = output.withUnsafeBytes({ SealedKey($0) }) else { fatalError("HKDF gave another length") }
        self = key
    }
}

extension SecretBytes {
    /// As `SealedKey.derivedKey`.
    package func derivedKey(info: String) -> SealedKey { withBytes { SealedKey(derivedFrom: $0, info: info) } }
}
