// SPDX-License-Identifier: Apache-2.0
import CSodium
import SealedSQLite

/// A secret (a file's key, a private key) wrapped by a purpose key and bound to what it is for.
///
/// Byte by byte, for a secret of n bytes (32 for a file's key, so 74 in all):
///
///     0         version: 1
///     1         algorithm: 1 = XChaCha20-Poly1305 (IETF form, as in libsodium)
///     2–25      nonce, random
///     26–26+n   ciphertext
///     last 16   tag
///
/// Associated data: version, algorithm, length of the purpose's name (1 byte), its name (`accounts`, …), length of the
/// identity (2 bytes, big-endian), the identity: `config.db`, `spool.db`, an account's 32 hex digits, or
/// `dkim/<domain>/<selector>`. A slot that was moved to another file, account or purpose does not open.
package struct KeySlot: Sendable, Equatable {
    package static let version: UInt8 = 1
    package static let xchacha20Poly1305: UInt8 = 1
    static let nonceBytes = 24
    static let tagBytes = 16
    static let headBytes = 2 + nonceBytes
    /// Longest secret, in bytes: an RSA key of 4,096 bits has about 2,400.
    static let secretLimit = 8_192

    package let bytes: [UInt8]

    /// Bytes as read from a file or a row; looked at when the slot is opened.
    package init(bytes: [UInt8]) { self.bytes = bytes }

    package static func seal(
        _ key: SealedKey, for purpose: KeyPurpose, identity: String, keys: PurposeKeys
    ) throws(KeyError) -> KeySlot {
        let wrapping = try keys.key(purpose)
        return key.withUnsafeBytes { seal($0, for: purpose, identity: identity, key: wrapping) }
    }

    /// - Parameter nonce: 24 bytes; given by tests only, otherwise random.
    static func seal(
        _ secret: UnsafeRawBufferPointer, for purpose: KeyPurpose, identity: String, key: SealedKey,
        nonce: [UInt8]? = nil
    ) -> KeySlot {
        precondition(secret.count <= secretLimit && (nonce?.count ?? nonceBytes) == nonceBytes)
        var bytes = [UInt8](repeating: 0, count: headBytes + secret.count + tagBytes)
        bytes[0] = version
        bytes[1] = xchacha20Poly1305
        if let nonce {
            bytes.replaceSubrange(2..<headBytes, with: nonce)
        } else {
            bytes.withUnsafeMutableBytes { randombytes_buf($0.baseAddress! + 2, nonceBytes) }
        }
        let associated = associatedData(version: version, algorithm: xchacha20Poly1305, purpose, identity)
        bytes.withUnsafeMutableBytes { bytes in
            key.withUnsafeBytes { key in
                let start = bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
                _ = crypto_aead_xchacha20poly1305_ietf_encrypt(
                    start + headBytes, nil, secret.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    UInt64(secret.count),
                    associated, UInt64(associated.count), nil, start + 2,
                    key.baseAddress!.assumingMemoryBound(to: UInt8.self))
            }
        }
        return KeySlot(bytes: bytes)
    }

    /// The file key in the slot.
    package func open(for purpose: KeyPurpose, identity: String, keys: PurposeKeys) throws -> SealedKey {
        let secret = try openSecret(for: purpose, identity: identity, keys: keys)
        guard let key = secret.withBytes({ SealedKey($0) }) else { throw KeySlotError.malformed }
        return key
    }

    func openSecret(for purpose: KeyPurpose, identity: String, keys: PurposeKeys) throws -> SecretBytes {
        let tried = try keys.all(purpose)
        if let secret = try openSecret(for: purpose, identity: identity, by: tried) { return secret }
        let newer = keys.newer(than: tried, purpose)
        if let secret = try openSecret(for: purpose, identity: identity, by: newer) { return secret }
        throw KeySlotError.refused(purpose, identity: identity)
    }

    /// `nil`: none of these keys opens it.
    private func openSecret(
        for purpose: KeyPurpose, identity: String, by keys: [SealedKey]
    ) throws(KeySlotError) -> SecretBytes? {
        for key in keys {
            if let secret = try openSecret(for: purpose, identity: identity, key: key) { return secret }
        }
        return nil
    }

    private func openSecret(
        for purpose: KeyPurpose, identity: String, key: SealedKey
    ) throws(KeySlotError) -> SecretBytes? {
        guard let version = bytes.first else { throw .malformed }
        guard version == Self.version else { throw .unknownVersion(version) }
        guard bytes.count >= Self.headBytes + Self.tagBytes,
            bytes.count <= Self.headBytes + Self.secretLimit + Self.tagBytes
        else { throw .malformed }
        guard bytes[1] == Self.xchacha20Poly1305 else { throw .unknownAlgorithm(bytes[1]) }
        let associated = Self.associatedData(version: version, algorithm: bytes[1], purpose, identity)
        var isOpen = false
        let secret = SecretBytes(count: bytes.count - Self.headBytes - Self.tagBytes) { secret in
            isOpen = bytes.withUnsafeBytes { bytes in
                key.withUnsafeBytes { key in
                    let start = bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
                    return crypto_aead_xchacha20poly1305_ietf_decrypt(
                        secret.baseAddress!.assumingMemoryBound(to: UInt8.self), nil, nil, start + Self.headBytes,
                        UInt64(bytes.count - Self.headBytes), associated, UInt64(associated.count), start + 2,
                        key.baseAddress!.assumingMemoryBound(to: UInt8.self)) == 0
                }
            }
        }
        return isOpen ? secret : nil
    }

    /// The same secret under another purpose key; `nil` when it is under that already.
    func rewrapped(
        for purpose: KeyPurpose, identity: String, from keys: PurposeKeys, to present: PurposeKeys
    ) throws -> KeySlot? {
        let wrapping = try present.key(purpose)
        guard try openSecret(for: purpose, identity: identity, key: wrapping) == nil else { return nil }
        return try openSecret(for: purpose, identity: identity, keys: keys).withBytes {
            Self.seal($0, for: purpose, identity: identity, key: wrapping)
        }
    }

    private static func associatedData(
        version: UInt8, algorithm: UInt8, _ purpose: KeyPurpose, _ identity: String
    ) -> [UInt8] {
        let (name, identity) = (Array(purpose.rawValue.utf8), Array(identity.utf8))
        precondition(identity.count <= Int(UInt16.max))
        return [version, algorithm, UInt8(name.count)] + name
            + [UInt8(identity.count >> 8), UInt8(truncatingIfNeeded: identity.count)] + identity
    }
}

package enum KeySlotError: Error, Equatable, CustomStringConvertible {
    case malformed
    /// Written by a later release.
    case unknownVersion(UInt8)
    case unknownAlgorithm(UInt8)
    /// Another purpose key wrapped it, or it belongs to something else, or it is damaged.
    case refused(KeyPurpose, identity: String)

    package var description: String {
        switch self {
        case .malformed: "a key slot is damaged"
        case .unknownVersion(let version): "a key slot has version \(version), of a later release; upgrade this program"
        case .unknownAlgorithm(let algorithm):
            "a key slot has algorithm \(algorithm), of a later release; upgrade this program"
        case .refused(let purpose, let identity):
            "the \(purpose.rawValue) key does not open the slot of \(identity): it is another installation's key, or the "
                + "slot is damaged or was moved"
        }
    }
}
