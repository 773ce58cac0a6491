// SPDX-License-Identifier: Apache-2.0
import Accounts
import Crypto
import Foundation
import SealedSQLite

/// The master key and the repository key, sealed to the public part of a recovery key. It lies in the repository, so that
/// the repository and the recovery key alone give everything back.
///
/// Byte by byte: version 1; algorithm 1 = HPKE (RFC 9180) base mode with X-Wing, HKDF-SHA256, AES-256-GCM; the encapsulated
/// key (1,120 bytes); the sealed 64 bytes (master key, repository key) with their tag of 16. `info` is
/// "mailkeep/1/recovery/keys", the first two bytes are associated data.
package struct SealedRecovery: Sendable, Equatable {
    package static let byteCount = 2 + encapsulated + 64 + 16
    private static let encapsulated = 1_120
    private static let head: [UInt8] = [1, 1]
    private static let suite = HPKE.Ciphersuite.XWingMLKEM768X25519_SHA256_AES_GCM_256
    private static let info = Data("mailkeep/1/recovery/keys".utf8)

    package let bytes: [UInt8]

    package init(bytes: [UInt8]) { self.bytes = bytes }

    package init(master: SealedKey, repository: SealedKey, to key: RecoveryKey) throws {
        var secret = master.withUnsafeBytes { Array($0) } + repository.withUnsafeBytes { Array($0) }
        defer { SecretBytes.wipe(&secret) }
        var sender = try HPKE.Sender(recipientKey: key.privateKey.publicKey, ciphersuite: Self.suite, info: Self.info)
        bytes = Self.head + sender.encapsulatedKey + (try sender.seal(secret, authenticating: Self.head))
    }

    /// Throws `BackupError.wrongRecoveryKey`, `.damaged`, `.laterRelease`.
    package func open(_ key: RecoveryKey) throws -> (master: SealedKey, repository: SealedKey) {
        guard bytes.count >= 2 else { throw BackupError.damaged("the sealed keys") }
        guard Array(bytes[..<2]) == Self.head else { throw BackupError.laterRelease("the sealed keys") }
        guard bytes.count == Self.byteCount else { throw BackupError.damaged("the sealed keys") }
        var secret: [UInt8]
        do {
            var recipient = try HPKE.Recipient(
                privateKey: key.privateKey, ciphersuite: Self.suite, info: Self.info,
                encapsulatedKey: Data(bytes[2..<2 + Self.encapsulated]))
            secret = [UInt8](try recipient.open(Data(bytes[(2 + Self.encapsulated)...]), authenticating: Self.head))
        } catch { throw BackupError.wrongRecoveryKey }
        defer { SecretBytes.wipe(&secret) }
        guard secret.count == 64, let master = SealedKey(secret[..<32]), let repository = SealedKey(secret[32...])
        else {
            throw BackupError.damaged("the sealed keys")
        }
        return (master, repository)
    }
}
