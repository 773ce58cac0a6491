// SPDX-License-Identifier: Apache-2.0
import Accounts
import Crypto
import Foundation

/// The public part of a recovery key, which seals and opens nothing. It is kept beside the master key, so that a rotation can
/// seal the new one without the recovery key.
///
/// As a file: version 1; algorithm 1 = X-Wing; the 1,216 bytes of the public key.
package struct RecoveryLock: Sendable {
    static let byteCount = 2 + 1_216
    private static let head: [UInt8] = [1, 1]

    let publicKey: XWingMLKEM768X25519.PublicKey

    init(_ publicKey: XWingMLKEM768X25519.PublicKey) { self.publicKey = publicKey }

    /// Throws `BackupError.damaged`, `.laterRelease`, which name the file.
    init(bytes: [UInt8], path: String) throws(BackupError) {
        guard bytes.count >= 2 else { throw .damaged(path) }
        guard bytes.starts(with: Self.head) else { throw .laterRelease(path) }
        guard bytes.count == Self.byteCount,
            let key = try? XWingMLKEM768X25519.PublicKey(rawRepresentation: Data(bytes[2...]))
        else { throw .damaged(path) }
        publicKey = key
    }

    var bytes: [UInt8] { Self.head + publicKey.rawRepresentation }
}
