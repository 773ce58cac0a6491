// SPDX-License-Identifier: Apache-2.0
import SealedSQLite

/// What opens a zero-access account, and may change what does. App passwords may not.
package enum OwnerSecret: Sendable {
    case password(SecretBytes)
    case recoveryKey(RecoveryKey)
}

/// A zero-access account whose file's key is at hand.
struct OpenedAccount: Sendable {
    let account: AccountID
    let file: AccountFileName
    let key: SealedKey
    /// The one that the owner's secret opened.
    let slot: KeySlot

    var fileKey: AccountFileKey { AccountFileKey(file: file, key: key) }

    /// Of its slots.
    var identity: String { SlotKind.identity(account: account, file: file) }
}
