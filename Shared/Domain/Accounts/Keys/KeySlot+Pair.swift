// SPDX-License-Identifier: Apache-2.0
import Crypto
import Foundation
import SealedSQLite

/// Algorithm 4: HPKE (RFC 9180) base mode with X-Wing (ML-KEM-768 and X25519), HKDF-SHA256, AES-256-GCM, to a pair that is made
/// of a secret: its seed is HKDF-SHA256 of the secret, without salt, `info` "mailkeep/1/pair/<kind>". So a file's key is wrapped
/// for a secret that is not at hand. In place of the nonce the slot has the encapsulated key; HPKE's `info` is
/// "mailkeep/1/slot/<kind>".
extension KeySlot {
    static let xWing: UInt8 = 4
    private static let pairHead = [version, xWing]
    private static let encapsulatedBytes = 1_120
    private static let suite = HPKE.Ciphersuite.XWingMLKEM768X25519_SHA256_AES_GCM_256

    /// What a key is wrapped by for the secret: 1,216 bytes, which open nothing.
    static func publicKey(of secret: SecretBytes, kind: SlotKind) throws -> [UInt8] {
        try [UInt8](pair(secret, kind).publicKey.rawRepresentation)
    }

    /// Throws `.malformed` when that is no public key.
    static func seal(
        _ key: SealedKey, kind: SlotKind, to publicKey: [UInt8], identity: String
    ) throws -> KeySlot {
        guard let recipient = try? XWingMLKEM768X25519.PublicKey(rawRepresentation: publicKey) else {
            throw KeySlotError.malformed
        }
        var sender = try HPKE.Sender(recipientKey: recipient, ciphersuite: suite, info: info(kind))
        let sealed = try key.withUnsafeBytes {
            try sender.seal($0, authenticating: associatedData(pairHead[...], kind.rawValue, identity))
        }
        let bytes: [UInt8] = pairHead + [UInt8](sender.encapsulatedKey) + [UInt8](sealed)
        return KeySlot(bytes: bytes)
    }

    /// As `open(kind:secret:identity:)`, of this algorithm.
    func openByPair(kind: SlotKind, secret: SecretBytes, identity: String) throws(KeySlotError) -> SealedKey? {
        let start = Self.pairHead.count + Self.encapsulatedBytes
        guard bytes.count == start + SealedKey.count + Self.tagBytes else { throw .malformed }
        guard let pair = try? Self.pair(secret, kind),
            var recipient = try? HPKE.Recipient(
                privateKey: pair, ciphersuite: Self.suite, info: Self.info(kind),
                encapsulatedKey: Data(bytes[Self.pairHead.count..<start])),
            var clear = try? recipient.open(
                bytes[start...],
                authenticating: Self.associatedData(bytes[..<Self.pairHead.count], kind.rawValue, identity))
        else { return nil }
        defer { clear.resetBytes(in: clear.indices) }
        return SealedKey(clear)
    }

    private static func info(_ kind: SlotKind) -> Data { Data("mailkeep/1/slot/\(kind.rawValue)".utf8) }

    private static func pair(
        _ secret: SecretBytes, _ kind: SlotKind
    ) throws -> XWingMLKEM768X25519.PrivateKey {
        try secret.derivedKey(info: "mailkeep/1/pair/\(kind.rawValue)").withUnsafeBytes {
            try .init(seedRepresentation: $0, publicKey: nil)
        }
    }
}
