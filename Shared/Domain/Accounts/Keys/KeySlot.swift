// SPDX-License-Identifier: Apache-2.0
import CSodium
import SealedSQLite

/// A secret (a file's key, a private key) wrapped, and bound to what it is for.
///
/// Byte by byte, for a secret of n bytes (32 for a file's key):
///
///     0          version: 1
///     1          algorithm: how the wrapping key comes about, used with XChaCha20-Poly1305 (libsodium's IETF form)
///                1 = a key of 32 bytes as it is, 2 = Argon2id of a password, 3 = HKDF-SHA256 of a secret of 128 bits or more;
///                4 = HPKE to the pair of such a secret, which has a layout of its own (`KeySlot+Pair`)
///     2 …        algorithm 2 only: salt (16), passes (4, big-endian), memory in KiB (4, big-endian)
///     24 bytes   nonce, random
///     n bytes    ciphertext
///     16 bytes   tag
///
/// Associated data: everything before the nonce, length of the purpose's name (1 byte), its name (a `KeyPurpose` or a
/// `SlotKind`), length of the identity (2 bytes, big-endian), the identity: `config.db`, `spool.db`, the 32 hex digits of an
/// account's file, `dkim/<domain>/<selector>`, or what `SlotKind.identity` says. A slot that was moved to another file,
/// account or purpose does not open.
package struct KeySlot: Sendable, Equatable {
    package static let version: UInt8 = 1
    package static let xchacha20Poly1305: UInt8 = 1
    static let nonceBytes = 24
    static let tagBytes = 16
    /// Longest secret, in bytes: an RSA key of 4,096 bits has about 2,400.
    static let secretLimit = 8_192
    private static let plainHead = [version, xchacha20Poly1305]

    package let bytes: [UInt8]

    /// Bytes as read from a file or a row; looked at when the slot is opened.
    package init(bytes: [UInt8]) { self.bytes = bytes }

    // MARK: Under a purpose key

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
        key.withUnsafeBytes {
            seal(secret, head: plainHead, name: purpose.rawValue, identity: identity, key: $0, nonce: nonce)
        }
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
            if let secret = try openSecret(name: purpose.rawValue, identity: identity, key: key) { return secret }
        }
        return nil
    }

    /// Of algorithm 1; `nil`: the key does not open it.
    private func openSecret(name: String, identity: String, key: SealedKey) throws(KeySlotError) -> SecretBytes? {
        try check(algorithm: Self.xchacha20Poly1305)
        return try key.withUnsafeBytes { key throws(KeySlotError) in
            try openSecret(headCount: Self.plainHead.count, name: name, identity: identity, key: key)
        }
    }

    /// The same secret under another purpose key; `nil` when it is under that already.
    func rewrapped(
        for purpose: KeyPurpose, identity: String, from keys: PurposeKeys, to present: PurposeKeys
    ) throws -> KeySlot? {
        let wrapping = try present.key(purpose)
        guard try openSecret(name: purpose.rawValue, identity: identity, key: wrapping) == nil else { return nil }
        return try openSecret(for: purpose, identity: identity, keys: keys).withBytes {
            Self.seal($0, for: purpose, identity: identity, key: wrapping)
        }
    }

    // MARK: Under another secret

    /// Wraps 32 bytes by a key of another kind than a purpose key: an account's private key by the key of its file.
    static func seal(_ secret: SealedKey, kind: SlotKind, identity: String, key: SealedKey, nonce: [UInt8]? = nil)
        -> KeySlot
    {
        secret.withUnsafeBytes { secret in
            key.withUnsafeBytes {
                seal(secret, head: plainHead, name: kind.rawValue, identity: identity, key: $0, nonce: nonce)
            }
        }
    }

    /// `nil`: another key wrapped it, or it was moved or damaged.
    func open(kind: SlotKind, identity: String, key: SealedKey) throws(KeySlotError) -> SealedKey? {
        try openSecret(name: kind.rawValue, identity: identity, key: key).map { secret throws(KeySlotError) in
            try Self.key(secret)
        }
    }

    /// Wraps what is no secret, so that nobody without the key exchanges it.
    static func seal(publicKey: [UInt8], kind: SlotKind, identity: String, key: SealedKey) -> KeySlot {
        publicKey.withUnsafeBytes { publicKey in
            key.withUnsafeBytes {
                seal(publicKey, head: plainHead, name: kind.rawValue, identity: identity, key: $0, nonce: nil)
            }
        }
    }

    /// `nil` as for a key.
    func openPublicKey(kind: SlotKind, identity: String, key: SealedKey) throws(KeySlotError) -> [UInt8]? {
        try openSecret(name: kind.rawValue, identity: identity, key: key)?.withBytes { Array($0) }
    }

    // MARK: What all have in common

    static func seal(
        _ secret: UnsafeRawBufferPointer, head: [UInt8], name: String, identity: String, key: UnsafeRawBufferPointer,
        nonce: [UInt8]?
    ) -> KeySlot {
        precondition(secret.count <= secretLimit && (nonce?.count ?? nonceBytes) == nonceBytes && key.count == 32)
        let start = head.count + nonceBytes
        var bytes = head + [UInt8](repeating: 0, count: nonceBytes + secret.count + tagBytes)
        if let nonce {
            bytes.replaceSubrange(head.count..<start, with: nonce)
        } else {
            bytes.withUnsafeMutableBytes { randombytes_buf($0.baseAddress! + head.count, nonceBytes) }
        }
        let associated = associatedData(head[...], name, identity)
        bytes.withUnsafeMutableBytes { bytes in
            let base = bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
            _ = crypto_aead_xchacha20poly1305_ietf_encrypt(
                base + start, nil, secret.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt64(secret.count),
                associated, UInt64(associated.count), nil, base + head.count,
                key.baseAddress!.assumingMemoryBound(to: UInt8.self))
        }
        return KeySlot(bytes: bytes)
    }

    /// Throws unless it has our version and this algorithm.
    func check(algorithm: UInt8) throws(KeySlotError) {
        guard bytes.count >= 2 else { throw .malformed }
        guard bytes[0] == Self.version else { throw .unknownVersion(bytes[0]) }
        guard bytes[1] == algorithm else { throw .unknownAlgorithm(bytes[1]) }
    }

    /// `nil` when the tag does not fit.
    /// - Parameter headCount: bytes before the nonce.
    func openSecret(headCount: Int, name: String, identity: String, key: UnsafeRawBufferPointer)
        throws(KeySlotError) -> SecretBytes?
    {
        let start = headCount + Self.nonceBytes
        let count = bytes.count - start - Self.tagBytes
        guard (0...Self.secretLimit).contains(count) else { throw .malformed }
        let associated = Self.associatedData(bytes[..<headCount], name, identity)
        var fits = false
        let secret = SecretBytes(count: count) { secret in
            fits = bytes.withUnsafeBytes { bytes in
                let base = bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
                return crypto_aead_xchacha20poly1305_ietf_decrypt(
                    secret.baseAddress!.assumingMemoryBound(to: UInt8.self), nil, nil, base + start,
                    UInt64(bytes.count - start), associated, UInt64(associated.count), base + headCount,
                    key.baseAddress!.assumingMemoryBound(to: UInt8.self)) == 0
            }
        }
        return fits ? secret : nil
    }

    /// A secret that must be a key of 32 bytes.
    static func key(_ secret: SecretBytes) throws(KeySlotError) -> SealedKey {
        guard let key = secret.withBytes({ SealedKey($0) }) else { throw .malformed }
        return key
    }

    static func associatedData(_ head: ArraySlice<UInt8>, _ name: String, _ identity: String) -> [UInt8] {
        let (name, identity) = (Array(name.utf8), Array(identity.utf8))
        precondition(name.count <= Int(UInt8.max) && identity.count <= Int(UInt16.max))
        var bytes = Array(head)
        bytes.append(UInt8(name.count))
        bytes += name
        bytes += withUnsafeBytes(of: UInt16(identity.count).bigEndian) { Array($0) }
        return bytes + identity
    }
}
