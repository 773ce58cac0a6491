// SPDX-License-Identifier: Apache-2.0
import SealedSQLite

/// The name of a file of an account, without `.db`: 128 random bits as 32 lower-case hex digits.
///
/// At first it is the account's id; a file that was keyed anew has another name. None is ever used again, so that a log that
/// lies beside a file is that file's.
package struct AccountFileName: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// 32 lower-case hex digits.
    package let description: String

    /// `nil` for anything but 32 lower-case hex digits.
    package init?(_ text: some StringProtocol) {
        guard let name = AccountID(text) else { return nil }
        description = name.description
    }

    /// The first file of an account.
    package init(_ account: AccountID) { description = account.description }

    package static func random() -> AccountFileName { AccountFileName(AccountID.random()) }

    /// What a slot with its key is bound to: a slot that was moved to another account or file does not open.
    func identity(in account: AccountID) -> String {
        description == account.description ? description : "\(account)/\(description)"
    }

    /// In the folder of the accounts.
    package func path(in root: String) -> String { "\(root)/\(description).db" }

    package static func < (left: AccountFileName, right: AccountFileName) -> Bool {
        left.description < right.description
    }
}

/// A file of an account and what opens it.
package struct AccountFileKey: Sendable, Equatable {
    package let file: AccountFileName
    package let key: SealedKey

    package init(file: AccountFileName, key: SealedKey) {
        self.file = file
        self.key = key
    }

    /// Of the file that the account has at first.
    package init(_ account: AccountID, _ key: SealedKey) { self.init(file: AccountFileName(account), key: key) }
}
