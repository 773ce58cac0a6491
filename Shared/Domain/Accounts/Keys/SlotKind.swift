// SPDX-License-Identifier: Apache-2.0

/// What wraps a key of an account in `account_slots`. The raw value is the row's `kind`, and the purpose's name in the
/// associated data of the slot.
package enum SlotKind: String, Sendable, CaseIterable {
    /// The file's key under the accounts key: whoever runs the server opens it.
    case accounts
    /// The file's key of a zero-access account under its password.
    case password
    /// The file's key of a zero-access account under one of its app passwords.
    case app
    /// The file's key of a zero-access account under its recovery key.
    case recovery
    /// The key of the file of sealed arrivals under the accounts key: what lies in it is sealed once more.
    case arrivals
    /// The private part of `ArrivalKey` under the key of the account's file.
    case arrivalKey = "arrival-key"
    /// The public key that belongs to an app password under the key of the account's file, so that the next file's key can be
    /// wrapped without it.
    case appPublic = "app-public"
    /// The same of the recovery key.
    case recoveryPublic = "recovery-public"

    /// Where the public key of a secret is kept; nil for what has none.
    var publicPart: SlotKind? {
        switch self {
        case .app: .appPublic
        case .recovery: .recoveryPublic
        default: nil
        }
    }

    /// Whom and what a slot of an account belongs to: `<account>/<file>`, 32 hex digits each. Slots under the accounts
    /// key have the file's name alone.
    static func identity(account: AccountID, file: AccountFileName) -> String { "\(account)/\(file)" }
}
