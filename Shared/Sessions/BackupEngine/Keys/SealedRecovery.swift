// SPDX-License-Identifier: Apache-2.0
import Accounts
import Crypto
import Foundation
import SealedSQLite

/// The master key and the repository key, sealed to the public part of a recovery key; after a rotation, with the master keys
/// of before. It lies in the repository, so that the repository and the recovery key alone give everything back.
///
/// Byte by byte: version 1, or 2 when the last part is there; algorithm 1 = HPKE (RFC 9180) base mode with X-Wing, HKDF-SHA256,
/// AES-256-GCM; the encapsulated key (1,120 bytes); the sealed 64 bytes (master key, repository key) with their tag of 16. `info`
/// is "mailkeep/1/recovery/keys", the first two bytes are associated data. The last part: the earlier master keys, newest first,
/// as `SealedObject` of the name "recovery/earlier" under HKDF-SHA256 of the master key (`info` = "mailkeep/1/recovery/earlier"),
/// so that whoever rotates can carry them on without the recovery key.
package struct SealedRecovery: Sendable, Equatable {
    /// Without earlier master keys.
    package static let byteCount = 2 + encapsulated + 64 + 16
    /// Rotations that are remembered.
    static let mostEarlier = 500
    /// With the most.
    static let longest = byteCount + SealedObject.overhead + mostEarlier * SealedKey.count
    private static let encapsulated = 1_120
    private static let algorithm: UInt8 = 1
    private static let suite = HPKE.Ciphersuite.XWingMLKEM768X25519_SHA256_AES_GCM_256
    private static let info = Data("mailkeep/1/recovery/keys".utf8)
    private static let earlierName = "recovery/earlier"

    package let bytes: [UInt8]

    package init(bytes: [UInt8]) { self.bytes = bytes }

    package init(
        master: SealedKey, earlier: [SealedKey] = [], repository: SealedKey, to lock: RecoveryLock
    ) throws {
        let head = [earlier.isEmpty ? 1 : 2, Self.algorithm]
        var secret = master.withUnsafeBytes { Array($0) } + repository.withUnsafeBytes { Array($0) }
        defer { SecretBytes.wipe(&secret) }
        var sender = try HPKE.Sender(recipientKey: lock.publicKey, ciphersuite: Self.suite, info: Self.info)
        var bytes = head + sender.encapsulatedKey + (try sender.seal(secret, authenticating: head))
        if !earlier.isEmpty {
            var keys = earlier.prefix(Self.mostEarlier).flatMap { $0.withUnsafeBytes { Array($0) } }
            defer { SecretBytes.wipe(&keys) }
            bytes += keys.withUnsafeBytes {
                SealedObject.seal($0, as: Self.earlierName, key: Self.earlierKey(master))
            }
        }
        self.bytes = bytes
    }

    /// Throws `BackupError.wrongRecoveryKey`, `.damaged`, `.laterRelease`.
    package func open(_ key: RecoveryKey) throws -> (master: SealedKey, earlier: [SealedKey], repository: SealedKey) {
        try check()
        let head = bytes[..<2]
        var secret: [UInt8]
        do {
            var recipient = try HPKE.Recipient(
                privateKey: key.privateKey, ciphersuite: Self.suite, info: Self.info,
                encapsulatedKey: Data(bytes[2..<2 + Self.encapsulated]))
            secret = [UInt8](
                try recipient.open(Data(bytes[(2 + Self.encapsulated)..<Self.byteCount]), authenticating: head))
        } catch { throw BackupError.wrongRecoveryKey }
        defer { SecretBytes.wipe(&secret) }
        guard secret.count == 64, let master = SealedKey(secret[..<32]), let repository = SealedKey(secret[32...])
        else {
            throw BackupError.damaged("the sealed keys")
        }
        return (master, try earlier(master: master), repository)
    }

    /// The earlier master keys; throws `BackupError.damaged` also when this was sealed with another master key.
    func earlier(master: SealedKey) throws -> [SealedKey] {
        try check()
        guard bytes.count > Self.byteCount else { return [] }
        var keys = try SealedObject.open(
            Array(bytes[Self.byteCount...]), as: Self.earlierName, key: Self.earlierKey(master))
        defer { SecretBytes.wipe(&keys) }
        return stride(from: 0, to: keys.count, by: SealedKey.count).compactMap {
            SealedKey(keys[$0..<min($0 + SealedKey.count, keys.count)])
        }
    }

    private func check() throws(BackupError) {
        guard bytes.count >= 2 else { throw .damaged("the sealed keys") }
        guard (1...2).contains(bytes[0]), bytes[1] == Self.algorithm else { throw .laterRelease("the sealed keys") }
        guard bytes[0] == 1 ? bytes.count == Self.byteCount : (Self.byteCount + 1...Self.longest).contains(bytes.count)
        else { throw .damaged("the sealed keys") }
    }

    private static func earlierKey(_ master: SealedKey) -> SealedKey {
        master.derivedKey(info: "mailkeep/1/recovery/earlier")
    }
}
