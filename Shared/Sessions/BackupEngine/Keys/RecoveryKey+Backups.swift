// SPDX-License-Identifier: Apache-2.0
import Accounts
import Crypto
import Foundation

extension RecoveryKey {
    /// The part that may lie about.
    var lock: RecoveryLock { get throws { RecoveryLock(try privateKey.publicKey) } }

    /// What opens the sealed keys of a repository: X-Wing (ML-KEM-768 and X25519), its seed derived for "x-wing".
    var privateKey: XWingMLKEM768X25519.PrivateKey {
        get throws {
            try derivedKey(for: "x-wing").withUnsafeBytes { try .init(seedRepresentation: $0, publicKey: nil) }
        }
    }
}
