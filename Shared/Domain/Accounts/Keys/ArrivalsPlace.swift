// SPDX-License-Identifier: Apache-2.0
import SealedSQLite

/// Where mail for a zero-access account waits until somebody with its key files it, and what it is sealed to. Whoever
/// delivers has all of this, and cannot read with it.
package struct ArrivalsPlace: Sendable {
    package let account: AccountID
    /// The name of the file of sealed arrivals, without its end; never used again.
    package let file: AccountFileName
    /// Opens it.
    package let key: SealedKey
    /// `ArrivalKey.publicKey`
    package let publicKey: [UInt8]

    package init(account: AccountID, file: AccountFileName, key: SealedKey, publicKey: [UInt8]) {
        self.account = account
        self.file = file
        self.key = key
        self.publicKey = publicKey
    }

    /// A file that nobody has made yet.
    package static func new(for account: AccountID, publicKey: [UInt8]) -> ArrivalsPlace {
        ArrivalsPlace(
            account: account, file: .random(), key: .random(), publicKey: publicKey)
    }

    /// What the slot with the key is bound to.
    var identity: String { SlotKind.identity(account: account, file: file) }
}
