// SPDX-License-Identifier: Apache-2.0
import SealedSQLite

/// The random name of an account: 128 bits as 32 lower-case hex digits.
///
/// It names the account's file, and it is never used again: an account that is removed and made anew under the same
/// address is another one.
package struct AccountID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// 32 lower-case hex digits.
    package let description: String

    /// `nil` for anything but 32 lower-case hex digits.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == 32,
            text.utf8.allSatisfy({
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            })
        else { return nil }
        description = String(text)
    }

    private init(bytes: [UInt8]) {
        description = Hex.text(bytes)
    }

    package static func random() -> AccountID {
        var generator = SystemRandomNumberGenerator()
        return AccountID(bytes: (0..<16).map { _ in UInt8.random(in: 0 ... .max, using: &generator) })
    }

    package static func < (left: AccountID, right: AccountID) -> Bool { left.description < right.description }
}
