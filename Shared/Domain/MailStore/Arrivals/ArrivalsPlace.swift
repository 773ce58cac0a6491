// SPDX-License-Identifier: Apache-2.0
import SealedSQLite

/// Where mail for a zero-access account waits, and what it is sealed to. What `Accounts` knows of it.
package struct ArrivalsPlace: Sendable {
    /// 32 hex digits: the file's name without `ArrivalsFile.suffix`.
    package var file: String
    /// Opens the file.
    package var key: SealedKey
    /// X-Wing, `ArrivalSeal.publicKeyBytes`.
    package var publicKey: [UInt8]

    package init(file: String, key: SealedKey, publicKey: [UInt8]) {
        self.file = file
        self.key = key
        self.publicKey = publicKey
    }
}

/// What is known of a zero-access account without its key.
package struct ArrivalsState: Sendable, Equatable {
    /// What the account's own file held when somebody with its key looked last, and what arrived since; with the limit.
    package var use: StorageUse
    /// When that was, seconds since 1970; 0: never.
    package var seen: Int64
    /// Messages that wait to be filed, and their bytes.
    package var waiting: Int
    package var waitingBytes: Int
    /// Messages that did not open and were put aside.
    package var refused: Int
}
