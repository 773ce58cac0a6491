// SPDX-License-Identifier: Apache-2.0
import SealedSQLite

/// Algorithm 3: the wrapping key is HKDF-SHA256 (RFC 5869), without salt, of a secret that nobody can guess; `info` is
/// "mailkeep/1/slot/<kind>".
extension KeySlot {
    static let hkdf: UInt8 = 3
    private static let derivedHead = [version, hkdf]

    /// - Parameter secret: random, of 128 bits or more.
    static func seal(
        _ key: SealedKey, kind: SlotKind, secret: SecretBytes, identity: String, nonce: [UInt8]? = nil
    ) -> KeySlot {
        key.withUnsafeBytes { key in
            wrappingKey(secret, kind).withUnsafeBytes {
                seal(key, head: derivedHead, name: kind.rawValue, identity: identity, key: $0, nonce: nonce)
            }
        }
    }

    /// Of this algorithm, or of the one that wraps for the same secrets without them (`KeySlot+Pair`). `nil`: another secret
    /// wrapped it, or it was moved or damaged.
    func open(kind: SlotKind, secret: SecretBytes, identity: String) throws(KeySlotError) -> SealedKey? {
        if bytes.starts(with: [Self.version, Self.xWing]) {
            return try openByPair(kind: kind, secret: secret, identity: identity)
        }
        try check(algorithm: Self.hkdf)
        let opened = try Self.wrappingKey(secret, kind).withUnsafeBytes { key throws(KeySlotError) in
            try openSecret(headCount: Self.derivedHead.count, name: kind.rawValue, identity: identity, key: key)
        }
        return try opened.map(Self.key)
    }

    private static func wrappingKey(_ secret: SecretBytes, _ kind: SlotKind) -> SealedKey {
        secret.derivedKey(info: "mailkeep/1/slot/\(kind.rawValue)")
    }
}
