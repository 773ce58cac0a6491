// SPDX-License-Identifier: Apache-2.0

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
